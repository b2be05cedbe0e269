/* Shrinkage's second pass for the DSP extension: four channels at a time. Included by shrink_apply_s8.c. */
#ifndef DRSN_SHRINK_STEP_DSP_H
#define DRSN_SHRINK_STEP_DSP_H

#include "sum_s8.h"

#define SHRINK_STEP 4U

typedef uint32_t thresholds;
typedef drsn_shrink fast_shrink;

static DRSN_INLINE thresholds load_thresholds(const int8_t *from, uint32_t step)
{
    return (step != 0U) ? drsn_load4(from) : drsn_splat4(*from);
}

/* 1 if both sums can have the fast shift, and x and what is inside the thresholds one scale: then one factor serves
 * for their difference. It is had as x + ~inside, which lacks 1; the offset makes up for it. */
static inline uint8_t prepare_shrink(const drsn_shrink *p, uint8_t with_residual, fast_shrink *fast)
{
    uint8_t is_fast;
    *fast = *p;
    is_fast = drsn_sum_is_fast(&p->subtract, &fast->subtract);
    is_fast &= (p->subtract.b_factor == -p->subtract.a_factor) ? 1U : 0U;
    if (is_fast != 0U) {
        fast->subtract.offset = (int32_t)((uint32_t)fast->subtract.offset + (uint32_t)fast->subtract.a_factor);
    }
    if (with_residual != 0U) {
        is_fast &= drsn_sum_is_fast(&p->add, &fast->add);
    }
    return is_fast;
}

/* Where the pass is: one address moves on, from which all three maps are found. */
typedef struct {
    const int8_t *x;
    int32_t to_residual, to_output;
} shrink_cursor;

/* One element; byte `rotation` / 8 of `outside` is ~inside. The first four instructions stay together: apart, they are
 * scheduled such that registers run out. */
#define SHRINK_ONE(rotation)                                                                                  \
    do {                                                                                                      \
        int32_t y;                                                                                            \
        __asm__ volatile("ldrsb %0, [%1], #1\n\tsxtab %0, %0, %2, ror %5\n\t"                                 \
                         "mla %0, %0, %3, %4\n\tssat %0, #8, %0, asr #22"                                     \
                         : "=&r"(y), "+r"(at->x)                                                              \
                         : "r"(outside), "r"(fast->subtract.a_factor), "r"(fast->subtract.offset), "n"(rotation) \
                         : "memory");                                                                         \
        if (with_residual != 0U) {                                                                            \
            y = drsn_sum_fast(&fast->add, y, at->x[at->to_residual]);                                         \
        }                                                                                                     \
        drsn_put(at->x, at->to_output, y);                                                                    \
    } while (0)

static DRSN_INLINE void shrink_step(const fast_shrink *fast, shrink_cursor *at, thresholds lower, thresholds upper,
                                    uint8_t with_residual)
{
    const uint32_t outside = ~drsn_min4(drsn_max4(drsn_load4(at->x), lower), upper);
    SHRINK_ONE(0);
    SHRINK_ONE(8);
    SHRINK_ONE(16);
    SHRINK_ONE(24);
}

#undef SHRINK_ONE

/* SHRINK_STEP channels of `positions` > 0 positions. with_residual is a constant to the compiler. */
static DRSN_INLINE void shrink_columns(const fast_shrink *fast, const int8_t *x, thresholds lower, thresholds upper,
                                       const int8_t *residual, uint8_t with_residual, int8_t *output,
                                       uint32_t positions, uint32_t channels)
{
    const fast_shrink constants = *fast; /* in registers: the output could alias *fast */
    const int8_t *const end = &x[positions * channels];
    shrink_cursor at = {x, 0, drsn_distance(x, output)};
    if (with_residual != 0U) {
        at.to_residual = drsn_distance(x, residual);
    }
    do {
        shrink_step(&constants, &at, lower, upper, with_residual);
        at.x = &at.x[channels - SHRINK_STEP];
    } while (at.x != end);
}

static inline void shrink_block(const drsn_shrink *p, const fast_shrink *fast, const int8_t *x, thresholds lower,
                                thresholds upper, const int8_t *residual, int8_t *output, uint32_t positions,
                                uint32_t channels)
{
    (void)p;
    if (residual != NULL) {
        shrink_columns(fast, x, lower, upper, residual, 1U, output, positions, channels);
    } else {
        shrink_columns(fast, x, lower, upper, NULL, 0U, output, positions, channels);
    }
}

#endif
