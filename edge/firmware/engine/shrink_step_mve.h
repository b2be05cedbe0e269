/* Shrinkage's second pass for MVE: eight channels at a time. Included by shrink_apply_s8.c. */
#ifndef DRSN_SHRINK_STEP_MVE_H
#define DRSN_SHRINK_STEP_MVE_H

#include "sum_s8.h"

#define SHRINK_STEP 8U

typedef int16x8_t thresholds;

/* What follows the subtraction. */
typedef enum { NOTHING, FULL_RANGE_ADD, CLAMPED_ADD } shrink_end;

typedef struct {
    shrink_end end;
} fast_shrink;

static DRSN_INLINE thresholds load_thresholds(const int8_t *from, uint32_t step)
{
    return (step != 0U) ? vldrbq_s16(from) : vdupq_n_s16(*from);
}

/* 1 if the subtraction has the full range (it is clamped by a saturating shift), and x and what is inside the
 * thresholds one scale: then one factor serves for their difference. */
static inline uint8_t prepare_shrink(const drsn_shrink *p, uint8_t with_residual, fast_shrink *fast)
{
    if (with_residual == 0U) {
        fast->end = NOTHING;
    } else {
        fast->end = ((p->add.low == -128) && (p->add.high == 127)) ? FULL_RANGE_ADD : CLAMPED_ADD;
    }
    return ((p->subtract.low == -128) && (p->subtract.high == 127)
            && (p->subtract.b_factor == -p->subtract.a_factor)) ? 1U : 0U;
}

/* clamp(sum >> shift, -128, 127) in the top byte of each lane: the shift that brings bit `shift` to 24 saturates. */
static DRSN_INLINE int32x4_t at_top(int32x4_t sum, uint8_t shift)
{
    return vqshlq_r_s32(sum, 24 - (int32_t)shift);
}

static DRSN_INLINE int32x4_t shrunk_at_top(const drsn_add *p, int32x4_t factor, int32x4_t outside)
{
    return at_top(vmlasq_n_s32(outside, factor, p->offset), p->shift);
}

static DRSN_INLINE int32x4_t sum_at_top(const drsn_add *p, int32x4_t a_factor, int32x4_t a, int32x4_t b)
{
    return at_top(vmlaq_n_s32(vmlasq_n_s32(a, a_factor, p->offset), b, p->b_factor), p->shift);
}

/* SHRINK_STEP channels of all positions. `end` is a constant to the compiler. Even and odd elements are apart from the
 * widening to the narrowing. */
static DRSN_INLINE void shrink_columns(const drsn_shrink *p, const int8_t *x, thresholds lower, thresholds upper,
                                       const int8_t *residual, shrink_end end, int8_t *output, uint32_t positions,
                                       uint32_t channels)
{
    const drsn_shrink constants = *p; /* in registers: the output could alias *p */
    const drsn_add *const subtract = &constants.subtract;
    const drsn_add *const add = &constants.add;
    const int32x4_t x_factor = vdupq_n_s32(subtract->a_factor);
    const int32x4_t shrunk_factor = vdupq_n_s32(add->a_factor);
    const int8_t *from = x;
    const int8_t *other_from = residual;
    int8_t *to = output;
    for (uint32_t position = 0U; position < positions; position++) {
        const int16x8_t eight = vldrbq_s16(from);
        const int16x8_t outside = vsubq_s16(eight, vminq_s16(vmaxq_s16(eight, lower), upper));
        int32x4_t even = shrunk_at_top(subtract, x_factor, vmovlbq_s16(outside));
        int32x4_t odd = shrunk_at_top(subtract, x_factor, vmovltq_s16(outside));
        if (end != NOTHING) {
            const int16x8_t other = vldrbq_s16(other_from);
            even = sum_at_top(add, shrunk_factor, vshrq_n_s32(even, 24), vmovlbq_s16(other));
            odd = sum_at_top(add, shrunk_factor, vshrq_n_s32(odd, 24), vmovltq_s16(other));
            other_from = &other_from[channels];
        }
        int16x8_t y = vshrq_n_s16(vshrntq_n_s32(vshrnbq_n_s32(eight, even, 16), odd, 16), 8);
        if (end == CLAMPED_ADD) {
            y = vminq_s16(vmaxq_s16(y, vdupq_n_s16(add->low)), vdupq_n_s16(add->high));
        }
        vstrbq_s16(to, y);
        from = &from[channels];
        to = &to[channels];
    }
}

static inline void shrink_block(const drsn_shrink *p, const fast_shrink *fast, const int8_t *x, thresholds lower,
                                thresholds upper, const int8_t *residual, int8_t *output, uint32_t positions,
                                uint32_t channels)
{
    if (fast->end == NOTHING) {
        shrink_columns(p, x, lower, upper, NULL, NOTHING, output, positions, channels);
    } else if (fast->end == FULL_RANGE_ADD) {
        shrink_columns(p, x, lower, upper, residual, FULL_RANGE_ADD, output, positions, channels);
    } else {
        shrink_columns(p, x, lower, upper, residual, CLAMPED_ADD, output, positions, channels);
    }
}

#endif
