/* Shrinkage, first pass: the mean of |x|, looked up on the way. */
#include "mean_sum.h"
#include "packed_s8.h"

#if defined(DRSN_MVE)

/* Sums of eight channels. `whole` is a constant to the compiler: 0 if only the lanes `inside` may be read. Lanes
 * outside look up entry 0; their sums are not stored. */
static DRSN_INLINE drsn_sums sum_eight(const int8_t *table, const int8_t *input, uint32_t positions, uint32_t channels,
                                       mve_pred16_t inside, uint8_t whole)
{
    drsn_sums sums = {vdupq_n_s32(0), vdupq_n_s32(0)};
    const uint8_t *from = (const uint8_t *)input;
    uint32_t left = positions;
    while (left != 0U) {
        const uint32_t part = (left < DRSN_SUM16_POSITIONS) ? left : DRSN_SUM16_POSITIONS;
        int16x8_t sums16 = vdupq_n_s16(0);
        for (uint32_t pair = 0U; pair < (part / 2U); pair++) {
            const uint8_t *const next = &from[channels];
            const uint16x8_t index = (whole != 0U) ? vldrbq_u16(from) : vldrbq_z_u16(from, inside);
            const uint16x8_t next_index = (whole != 0U) ? vldrbq_u16(next) : vldrbq_z_u16(next, inside);
            sums16 = vaddq_s16(sums16, vldrbq_gather_offset_s16(table, index));
            sums16 = vaddq_s16(sums16, vldrbq_gather_offset_s16(table, next_index));
            from = &next[channels];
        }
        if ((part % 2U) != 0U) {
            sums16 = vaddq_s16(sums16, vldrbq_gather_offset_s16(table, vldrbq_z_u16(from, inside)));
            from = &from[channels];
        }
        drsn_add_sums(&sums, sums16);
        left -= part;
    }
    return sums;
}

void drsn_shrink_mean_s8(const drsn_mean *p, const int8_t *table, const int8_t *input, int8_t *output,
                         uint32_t positions, uint32_t channels)
{
    for (uint32_t c = 0U; c < channels; c += 8U) {
        const mve_pred16_t inside = vctp16q(channels - c);
        drsn_sums sums;
        if ((c + 8U) <= channels) {
            sums = sum_eight(table, &input[c], positions, channels, inside, 1U);
        } else {
            sums = sum_eight(table, &input[c], positions, channels, inside, 0U);
        }
        drsn_store_means(p, &sums, positions, inside, &output[c]);
    }
}

#else

/* Eight channels: their sums stay in registers. */
static void mean_eight(const drsn_mean *p, const int8_t *table, const int8_t *input, int8_t *output,
                       uint32_t positions, uint32_t channels)
{
    const int8_t *from = input;
    int32_t sum0 = 0;
    int32_t sum1 = 0;
    int32_t sum2 = 0;
    int32_t sum3 = 0;
    int32_t sum4 = 0;
    int32_t sum5 = 0;
    int32_t sum6 = 0;
    int32_t sum7 = 0;
    for (uint32_t position = positions; position != 0U; position--) {
        sum0 += table[(uint8_t)from[0]];
        sum1 += table[(uint8_t)from[1]];
        sum2 += table[(uint8_t)from[2]];
        sum3 += table[(uint8_t)from[3]];
        sum4 += table[(uint8_t)from[4]];
        sum5 += table[(uint8_t)from[5]];
        sum6 += table[(uint8_t)from[6]];
        sum7 += table[(uint8_t)from[7]];
        from = &from[channels];
    }
    const drsn_mean constants = *p; /* in registers: the output could alias *p */
    const int32_t sums[8] = {sum0, sum1, sum2, sum3, sum4, sum5, sum6, sum7};
    for (uint32_t k = 0U; k < 8U; k++) {
        output[k] = drsn_mean_of_sum(&constants, sums[k], positions);
    }
}

void drsn_shrink_mean_s8(const drsn_mean *p, const int8_t *table, const int8_t *input, int8_t *output,
                         uint32_t positions, uint32_t channels)
{
    uint32_t c = 0U;
    for (; (c + 8U) <= channels; c += 8U) {
        mean_eight(p, table, &input[c], &output[c], positions, channels);
    }
    for (; c < channels; c++) {
        int32_t sum = 0;
        for (uint32_t position = 0U; position < positions; position++) {
            sum += table[(uint8_t)input[(position * channels) + c]];
        }
        output[c] = drsn_mean_of_sum(p, sum, positions);
    }
}

#endif
