/* Mean over all positions, channel by channel. Eight (four) channels at a time: their sums stay in registers. */
#include "mean_sum.h"

#if defined(DRSN_MVE)

void drsn_mean_s8(const drsn_mean *p, const int8_t *input, int8_t *output, uint32_t positions, uint32_t channels)
{
    for (uint32_t c = 0U; c < channels; c += 8U) {
        const mve_pred16_t inside = vctp16q(channels - c);
        drsn_sums sums = {vdupq_n_s32(0), vdupq_n_s32(0)};
        const int8_t *from = &input[c];
        uint32_t left = positions;
        while (left != 0U) {
            const uint32_t part = (left < DRSN_SUM16_POSITIONS) ? left : DRSN_SUM16_POSITIONS;
            int16x8_t sums16 = vdupq_n_s16(0);
            for (uint32_t position = 0U; position < part; position++) {
                sums16 = vaddq_s16(sums16, vldrbq_z_s16(from, inside));
                from = &from[channels];
            }
            drsn_add_sums(&sums, sums16);
            left -= part;
        }
        drsn_store_means(p, &sums, positions, inside, &output[c]);
    }
}

#else

void drsn_mean_s8(const drsn_mean *p, const int8_t *input, int8_t *output, uint32_t positions, uint32_t channels)
{
    uint32_t c = 0U;
    for (; (c + 4U) <= channels; c += 4U) {
        const int8_t *from = &input[c];
        int32_t sum0 = 0;
        int32_t sum1 = 0;
        int32_t sum2 = 0;
        int32_t sum3 = 0;
        for (uint32_t position = 0U; position < positions; position++) {
            sum0 += from[0];
            sum1 += from[1];
            sum2 += from[2];
            sum3 += from[3];
            from = &from[channels];
        }
        output[c] = drsn_mean_of_sum(p, sum0, positions);
        output[c + 1U] = drsn_mean_of_sum(p, sum1, positions);
        output[c + 2U] = drsn_mean_of_sum(p, sum2, positions);
        output[c + 3U] = drsn_mean_of_sum(p, sum3, positions);
    }
    for (; c < channels; c++) {
        int32_t sum = 0;
        for (uint32_t position = 0U; position < positions; position++) {
            sum += input[(position * channels) + c];
        }
        output[c] = drsn_mean_of_sum(p, sum, positions);
    }
}

#endif
