/* From a channel's sum to its mean, shared by mean_s8.c and shrink_mean_s8.c. */
#ifndef DRSN_MEAN_SUM_H
#define DRSN_MEAN_SUM_H

#include "fixed_point.h"

/* Positions are fewer than 2^22: the sum less its zero points stays below 2^30. */
static inline int8_t drsn_mean_of_sum(const drsn_mean *p, int32_t sum, uint32_t positions)
{
    const int32_t centred = sum - ((int32_t)positions * p->input_zero);
    int32_t mean;
    if ((p->scale.right_shift >= 1) && (p->scale.right_shift <= 22)) {
        mean = drsn_rescale_right(centred, p->scale, p->output_zero);
    } else {
        mean = drsn_rescale(centred, p->scale) + p->output_zero;
    }
    return (int8_t)drsn_clamp(mean, -128, 127);
}

#ifdef DRSN_MVE
/* Positions whose int8 values 16 bits hold the sum of. */
#define DRSN_SUM16_POSITIONS 256U

/* Sums of eight channels. */
typedef struct {
    int32x4_t even, odd;
} drsn_sums;

static inline void drsn_add_sums(drsn_sums *sums, int16x8_t part)
{
    sums->even = vaddq_s32(sums->even, vmovlbq_s16(part));
    sums->odd = vaddq_s32(sums->odd, vmovltq_s16(part));
}

static inline int32x4_t drsn_means_mve(const drsn_mean *p, int32x4_t sums, uint32_t positions)
{
    const int32x4_t centred = vsubq_n_s32(sums, (int32_t)positions * p->input_zero);
    const int32x4_t scaled = drsn_rescale_mve(centred, vdupq_n_s32(p->scale.multiplier),
                                              vdupq_n_s32(-p->scale.right_shift));
    return vaddq_n_s32(scaled, p->output_zero);
}

/* The lanes `inside` of eight means. */
static inline void drsn_store_means(const drsn_mean *p, const drsn_sums *sums, uint32_t positions,
                                    mve_pred16_t inside, int8_t *output)
{
    const int32x4_t even = drsn_means_mve(p, sums->even, positions);
    const int32x4_t odd = drsn_means_mve(p, sums->odd, positions);
    const int16x8_t means = vqmovntq_s32(vqmovnbq_s32(vdupq_n_s16(0), even), odd);
    vstrbq_p_s16(output, vmaxq_s16(vminq_s16(means, vdupq_n_s16(127)), vdupq_n_s16(-128)), inside);
}
#endif

#endif
