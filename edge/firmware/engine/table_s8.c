/* A function of one value, as a table of its 256 results. */
#include "packed_s8.h"

#if defined(DRSN_MVE)

void drsn_table_s8(const int8_t *table, const int8_t *input, int8_t *output, uint32_t count)
{
    uint32_t i = 0U;
    for (; (i + 16U) <= count; i += 16U) {
        const uint8x16_t index = vreinterpretq_u8_s8(vldrbq_s8(&input[i]));
        vstrbq_s8(&output[i], vldrbq_gather_offset_s8(table, index));
    }
    if (i < count) {
        const mve_pred16_t inside = vctp8q(count - i);
        const uint8x16_t index = vreinterpretq_u8_s8(vldrbq_z_s8(&input[i], inside));
        vstrbq_p_s8(&output[i], vldrbq_gather_offset_z_s8(table, index, inside), inside);
    }
}

#else

void drsn_table_s8(const int8_t *table, const int8_t *input, int8_t *output, uint32_t count)
{
    const int8_t *from = input;
    int8_t *to = output;
    const int8_t *const end = &input[count & ~(uint32_t)3U];
    while (from != end) {
        to[0] = table[(uint8_t)from[0]];
        to[1] = table[(uint8_t)from[1]];
        to[2] = table[(uint8_t)from[2]];
        to[3] = table[(uint8_t)from[3]];
        from = &from[4];
        to = &to[4];
    }
    for (uint32_t i = 0U; i < (count & 3U); i++) {
        to[i] = table[(uint8_t)from[i]];
    }
}

#endif
