/* Fixed-point arithmetic shared by the kernels: TFLite's multiplication by a drsn_scale, rounded twice as gemmlowp
 * rounds. Three forms with equal results: plain C, the DSP extension's, MVE's.
 *
 * Relies on one implementation-defined habit that gcc and clang document: >> of a negative value copies its sign.
 */
#ifndef DRSN_FIXED_POINT_H
#define DRSN_FIXED_POINT_H

#include <stdint.h>
#include <string.h>

#include "drsn_kernels.h"

/* The form this compilation takes: DRSN_MVE, DRSN_DSP or neither (plain C). */
#if !defined(DRSN_PORTABLE) && defined(__GNUC__) && defined(__ARMEL__)
#if defined(__ARM_FEATURE_MVE) && ((__ARM_FEATURE_MVE & 1) != 0)
#define DRSN_MVE 1
#elif defined(__ARM_FEATURE_DSP) && (__ARM_FEATURE_DSP == 1) && defined(__thumb2__) && \
    (defined(__ARM_FEATURE_UNALIGNED) || defined(__clang__))
#define DRSN_DSP 1
#endif
#endif

#ifdef DRSN_MVE
#include <arm_mve.h>
#endif

/* Keeps a function's registers to itself: inlined, its inner loop would share them with the loops around it. */
#if defined(__GNUC__)
#define DRSN_APART __attribute__((noinline))
#else
#define DRSN_APART
#endif

static inline int32_t drsn_clamp(int32_t value, int32_t low, int32_t high)
{
    int32_t bounded = value;
    if (bounded < low) {
        bounded = low;
    }
    if (bounded > high) {
        bounded = high;
    }
    return bounded;
}

/* value << count without undefined behaviour; bits that leave at the top are lost. */
static inline int32_t drsn_shift_left(int32_t value, uint32_t count)
{
    return (int32_t)((uint32_t)value << count);
}

/* round(a * b / 2^31), halves up; b >= 0. gemmlowp's SaturatingRoundingDoublingHighMul for such b. */
static inline int32_t drsn_doubling_high(int32_t a, int32_t b)
{
    return (int32_t)((((int64_t)a * b) + ((int64_t)1 << 30)) >> 31);
}

/* round(value / 2^count), halves away from zero; count 0..31. gemmlowp's RoundingDivideByPOT. */
static inline int32_t drsn_rounding_shift(int32_t value, uint32_t count)
{
    const int32_t mask = (int32_t)(((uint32_t)1 << count) - 1U);
    const int32_t threshold = (mask >> 1) + ((value < 0) ? 1 : 0);
    return (value >> count) + (((value & mask) > threshold) ? 1 : 0);
}

/* value * scale, rounded twice; for every int32 whose left shift holds. */
static inline int32_t drsn_rescale(int32_t value, drsn_scale scale)
{
    int32_t scaled;
    if (scale.right_shift < 0) {
        scaled = drsn_doubling_high(drsn_shift_left(value, (uint32_t)-scale.right_shift), scale.multiplier);
    } else {
        scaled = drsn_rounding_shift(drsn_doubling_high(value, scale.multiplier), (uint32_t)scale.right_shift);
    }
    return scaled;
}

#ifdef DRSN_DSP
/* accumulator + round(a * b / 2^32), halves up. */
static inline int32_t drsn_smmlar(int32_t a, int32_t b, int32_t accumulator)
{
    int32_t sum;
    __asm__("smmlar %0, %1, %2, %3" : "=r"(sum) : "r"(a), "r"(b), "r"(accumulator));
    return sum;
}
#endif

/* zero + value * scale for right_shift 1..22 and |value| < 2^30, where both roundings shorten: value * 2 cannot
 * overflow, the zero point joins the rounding constant, and the sign of value serves for that of the product (a product
 * of 0 rounds to 0 either way). */
static inline int32_t drsn_rescale_right(int32_t value, drsn_scale scale, int32_t zero)
{
    const uint32_t shift = (uint32_t)scale.right_shift;
    const int32_t half = drsn_shift_left((2 * zero) + 1, shift - 1U) + (value >> 31);
#ifdef DRSN_DSP
    return drsn_smmlar(drsn_shift_left(value, 1U), scale.multiplier, half) >> shift;
#else
    const int64_t product = (int64_t)drsn_shift_left(value, 1U) * scale.multiplier;
    const int32_t high = (int32_t)(product >> 32) + (int32_t)((uint32_t)product >> 31);
    return (high + half) >> shift;
#endif
}

#ifdef DRSN_MVE
/* Four values by one scale each, minus_shift = -right_shift; drsn_rescale in each lane for right_shift >= 1.
 * VRSHL rounds halves up: one less for negative products. */
static inline int32x4_t drsn_rescale_right_mve(int32x4_t value, int32x4_t multiplier, int32x4_t minus_shift)
{
    const int32x4_t product = vqrdmulhq_s32(value, multiplier);
    return vrshlq_s32(vaddq_s32(product, vshrq_n_s32(product, 31)), minus_shift);
}

/* The same for every right_shift. */
static inline int32x4_t drsn_rescale_mve(int32x4_t value, int32x4_t multiplier, int32x4_t minus_shift)
{
    const int32x4_t none = vdupq_n_s32(0);
    const int32x4_t right = vminq_s32(minus_shift, none);
    const int32x4_t product = vqrdmulhq_s32(vshlq_s32(value, vmaxq_s32(minus_shift, none)), multiplier);
    /* Where nothing is shifted out, nothing is taken off: right has no sign bit. */
    const int32x4_t away = vshrq_n_s32(vandq_s32(product, right), 31);
    return vrshlq_s32(vaddq_s32(product, away), right);
}
#endif

#endif
