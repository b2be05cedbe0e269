/* Fourth root in fixed point. */
#ifndef DRSN_ROOT_H
#define DRSN_ROOT_H

#include <stdint.h>

#include "drsn_bits.h"

#define DRSN_ROOT_STEPS 32

/* One of the DRSN_ROOT_STEPS parts of [1, 2): the reciprocal of its middle in Q31, the fourth root of its middle in
 * Q30. */
typedef struct {
    int32_t reciprocal;
    int32_t root;
} drsn_root_step;

/* x^(1/4) in Q24, 2^-100 <= x < 2^28: within a part in 10^8, or half of the last bit; x.mantissa is not 0. */
static inline int32_t drsn_fourth_root_q24(const drsn_root_step *steps, drsn_real x)
{
    /* 2^(n / 4) in Q30. */
    static const int32_t octaves[4] = {1073741824, 1276901417, 1518500250, 1805811301};
    uint32_t index = (x.mantissa >> 26) & 31U;
    int32_t exponent = x.exponent + 31;
    /* Distance from the middle of the part, |distance| <= 2^25 in Q31. */
    int32_t distance = (int32_t)(x.mantissa & 0x03FFFFFFU) - 0x02000000;
    /* x = middle * (1 + r): r in Q36, |r| <= 2^-6; (1 + r)^(1/4) = 1 + r / 4 - 3 r^2 / 32 + 7 r^3 / 128. */
    int32_t r = drsn_high(distance * 64, steps[index].reciprocal);
    int32_t square_q40 = drsn_high(r, r);
    int32_t cube_q44 = drsn_high(square_q40, r);
    int32_t series_q36 = (r >> 2) - ((3 * square_q40) >> 9) + ((7 * cube_q44) >> 15);
    int32_t root_q30 = steps[index].root + (drsn_high(series_q36, steps[index].root) >> 4);
    /* Of x = 2^(exponent mod 4) * ..., in Q28 and below 2; a quarter of the rest of the exponent shifts it. */
    int32_t root_q28 = drsn_high(root_q30, octaves[(uint32_t)exponent & 3U]);
    int32_t right = 4 - (exponent >> 2);

    return (right > 0) ? ((root_q28 + ((int32_t)1 << (right - 1))) >> right) : (root_q28 * ((int32_t)1 << -right));
}

#endif
