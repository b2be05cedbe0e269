/* Natural logarithm in fixed point. */
#ifndef DRSN_LOG_H
#define DRSN_LOG_H

#include <stdint.h>

#include "drsn_bits.h"

#define DRSN_LOG_STEPS 32

/* One of the DRSN_LOG_STEPS parts of [1, 2): the reciprocal of its middle in Q31, the logarithm of its middle in Q24. */
typedef struct {
    int32_t reciprocal;
    int32_t logarithm;
} drsn_log_step;

/* ln(x) in Q24 (|ln(x)| < 128), within 2e-7; x.mantissa is not 0. */
static inline int32_t drsn_ln_q24(const drsn_log_step *steps, drsn_real x)
{
    const int32_t ln2_q31 = 1488522236;
    const int32_t third_q32 = 0x55555555;
    uint32_t index = (x.mantissa >> 26) & 31U;
    /* Distance from the middle of the part, |distance| <= 2^25 in Q31. */
    int32_t distance = (int32_t)(x.mantissa & 0x03FFFFFFU) - 0x02000000;
    /* x = middle * (1 + r): r in Q36, |r| <= 2^-6; ln(1 + r) = r - r^2 / 2 + r^3 / 3. */
    int32_t r = drsn_high(distance * 64, steps[index].reciprocal);
    int32_t square_q40 = drsn_high(r, r);
    int32_t cube_q44 = drsn_high(square_q40, r);
    int32_t series_q36 = r - (square_q40 >> 5) + (drsn_high(cube_q44, third_q32) >> 8);
    int32_t whole = (int32_t)(((int64_t)(x.exponent + 31) * ln2_q31) >> 7);

    return whole + steps[index].logarithm + ((series_q36 + 2048) >> 12);
}

#endif
