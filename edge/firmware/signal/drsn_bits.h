/* Integer arithmetic that the signal code shares.
 *
 * Right shifts of negative numbers are arithmetic on every compiler this is built with (implementation-defined in C).
 */
#ifndef DRSN_BITS_H
#define DRSN_BITS_H

#include <stdint.h>

/* Zero bits above the highest set bit; `value` is not 0. */
static inline uint32_t drsn_leading_zeros(uint32_t value)
{
#if defined(__GNUC__)
    return (uint32_t)__builtin_clzl((unsigned long)value) - (uint32_t)(8U * sizeof(unsigned long) - 32U);
#else
    uint32_t count = 0U;
    while ((value & 0x80000000U) == 0U) {
        value <<= 1;
        count++;
    }
    return count;
#endif
}

/* Bits that hold the magnitude of every number that was folded into `mask` as x ^ (x >> 31). */
static inline uint32_t drsn_bit_length(uint32_t mask)
{
    return (mask == 0U) ? 0U : (32U - drsn_leading_zeros(mask));
}

/* Upper word of a product: one SMMUL or SMULL. */
static inline int32_t drsn_high(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a * b) >> 32);
}

/* A number as mantissa * 2^exponent; the mantissa's highest bit is set, or it is 0. */
typedef struct {
    uint32_t mantissa;
    int32_t exponent;
} drsn_real;

static inline drsn_real drsn_normalized(uint64_t value, int32_t exponent)
{
    drsn_real result = {0U, 0};
    uint32_t high = (uint32_t)(value >> 32);
    uint32_t low = (uint32_t)value;

    if (high != 0U) {
        uint32_t shift = drsn_leading_zeros(high);
        result.mantissa = (uint32_t)((value << shift) >> 32);
        result.exponent = exponent + 32 - (int32_t)shift;
    } else if (low != 0U) {
        uint32_t shift = drsn_leading_zeros(low);
        result.mantissa = low << shift;
        result.exponent = exponent - (int32_t)shift;
    } else {
        result.exponent = exponent;
    }
    return result;
}

/* high * 2^32 + low, times 2^exponent. */
static inline drsn_real drsn_normalized_wide(uint64_t high, uint64_t low, int32_t exponent)
{
    uint64_t upper = high + (low >> 32);
    drsn_real result;

    if ((upper >> 32) != 0U) {
        result = drsn_normalized(upper, exponent + 32);
    } else {
        result = drsn_normalized((upper << 32) | (uint32_t)low, exponent);
    }
    return result;
}

/* Sum of two numbers, at least one of them above 0; the smaller loses what lies below the larger one's mantissa. */
static inline drsn_real drsn_sum(drsn_real a, drsn_real b)
{
    drsn_real large = a;
    drsn_real small = b;
    uint32_t apart;
    uint64_t sum;

    if ((a.mantissa == 0U) || ((b.mantissa != 0U) && (b.exponent > a.exponent))) {
        large = b;
        small = a;
    }
    if (small.mantissa == 0U) {
        return large;
    }
    apart = (uint32_t)(large.exponent - small.exponent);
    sum = (uint64_t)large.mantissa << 1;
    if (apart < 32U) {
        sum += ((uint64_t)small.mantissa << 1) >> apart;
    }
    return drsn_normalized(sum, large.exponent - 1);
}

#endif
