/* The weighted sum of two int8 (a drsn_add), shared by add_s8.c and shrink_apply_s8.c. */
#ifndef DRSN_SUM_S8_H
#define DRSN_SUM_S8_H

#include "packed_s8.h"

static DRSN_INLINE int32_t drsn_sum(const drsn_add *p, int32_t a, int32_t b)
{
    const int32_t sum = (p->a_factor * a) + (p->b_factor * b) + p->offset;
    return drsn_clamp(sum >> p->shift, p->low, p->high);
}

#ifdef DRSN_DSP
static inline uint64_t drsn_magnitude(int32_t value)
{
    return (uint64_t)((value < 0) ? -(int64_t)value : (int64_t)value);
}

/* 1 if the sum can be had with DRSN_FAST_SHIFT and full range; the factors for it are then in *fast. */
static inline uint8_t drsn_sum_is_fast(const drsn_add *p, drsn_add *fast)
{
    uint8_t is_fast = 0U;
    *fast = *p;
    if ((p->low == -128) && (p->high == 127) && (p->shift <= DRSN_FAST_SHIFT)) {
        const uint32_t left = DRSN_FAST_SHIFT - p->shift;
        const uint64_t bound = ((drsn_magnitude(p->a_factor) + drsn_magnitude(p->b_factor)) << 7)
            + drsn_magnitude(p->offset);
        if ((left == 0U) || (bound < ((uint64_t)0x80000000U >> left))) {
            fast->a_factor = drsn_shift_left(p->a_factor, left);
            fast->b_factor = drsn_shift_left(p->b_factor, left);
            fast->offset = drsn_shift_left(p->offset, left);
            is_fast = 1U;
        }
    }
    return is_fast;
}

/* The sum before its shift. int32 holds it; a part of it may wrap. */
static DRSN_INLINE int32_t drsn_sum_wrapping(const drsn_add *p, int32_t a, int32_t b)
{
    return drsn_mla(b, p->b_factor, drsn_mla(a, p->a_factor, p->offset));
}

static DRSN_INLINE int32_t drsn_sum_fast(const drsn_add *fast, int32_t a, int32_t b)
{
    return drsn_ssat8_fast(drsn_sum_wrapping(fast, a, b));
}
#endif

#ifdef DRSN_MVE
/* Four sums, not yet clamped. a_factor holds p->a_factor in every lane. */
static DRSN_INLINE int32x4_t drsn_sum_mve(const drsn_add *p, int32x4_t a_factor, int32x4_t a, int32x4_t b)
{
    const int32x4_t sum = vmlaq_n_s32(vmlasq_n_s32(a, a_factor, p->offset), b, p->b_factor);
    return vshlq_r_s32(sum, -(int32_t)p->shift);
}
#endif

#endif
