/* Softmax in fixed point: exp by a polynomial and a chain of constants, 1 / sum by Newton's iteration.
 * Comments give a number's format as Qm.n: m bits before the point, n behind it.
 */
#include "fixed_point.h"

#define ONE_Q0_31 INT32_MAX
#define QUARTER_Q5_26 ((int32_t)1 << 24)
#define EIGHTH_Q0_31 ((int32_t)1 << 28)
#define EXP_MINUS_EIGHTH_Q0_31 ((int32_t)1895147668)
#define THIRD_Q0_31 ((int32_t)715827883)
#define ONE_Q2_29 ((int32_t)1 << 29)
#define NEWTON_START_Q2_29 ((int32_t)1515870810) /* 48 / 17 */
#define NEWTON_SLOPE_Q2_29 (-(int32_t)1010580540) /* -32 / 17 */
#define SUM_INTEGER_BITS 12

/* exp(-1/4), exp(-1/2), exp(-1) ... exp(-16), Q0.31 */
static const int32_t exp_of_bit[7] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};

static inline int32_t saturating_shift_left(int32_t value, uint32_t count)
{
    const int32_t limit = (int32_t)((uint32_t)INT32_MAX >> count);
    int32_t shifted = drsn_shift_left(value, count);
    if (value > limit) {
        shifted = INT32_MAX;
    } else if (value < -limit) {
        shifted = INT32_MIN;
    } else {
        /* holds */
    }
    return shifted;
}

/* exp(a) in Q0.31 for a in [-1/4, 0), Q0.31: Taylor's series around -1/8. */
static inline int32_t exp_of_quarter(int32_t a)
{
    const int32_t x = a + EIGHTH_Q0_31;
    const int32_t x2 = drsn_doubling_high(x, x);
    const int32_t x3 = drsn_doubling_high(x2, x);
    const int32_t x4 = drsn_doubling_high(x2, x2);
    const int32_t cubic = drsn_doubling_high(drsn_rounding_shift(x4, 2U) + x3, THIRD_Q0_31);
    const int32_t above_linear = drsn_rounding_shift(cubic + x2, 1U);
    return EXP_MINUS_EIGHTH_Q0_31 + drsn_doubling_high(EXP_MINUS_EIGHTH_Q0_31, x + above_linear);
}

/* exp(a) in Q0.31 for a <= 0 in Q5.26. */
static int32_t exp_of_negative(int32_t a)
{
    const int32_t below_quarter = (a & (QUARTER_Q5_26 - 1)) - QUARTER_Q5_26;
    const uint32_t quarters = (uint32_t)(below_quarter - a) >> 24;
    int32_t result = exp_of_quarter(drsn_shift_left(below_quarter, 5U));
    for (uint32_t bit = 0U; bit < 7U; bit++) {
        if (((quarters >> bit) & 1U) != 0U) {
            result = drsn_doubling_high(result, exp_of_bit[bit]);
        }
    }
    return (a == 0) ? ONE_Q0_31 : result;
}

/* 1 / (1 + a) in Q0.31 for a in [0, 1), Q0.31. */
static int32_t reciprocal_of_one_plus(int32_t a)
{
    const int32_t half_denominator = (int32_t)(((uint32_t)a + ((uint32_t)1 << 31)) >> 1);
    int32_t x = NEWTON_START_Q2_29 + drsn_doubling_high(half_denominator, NEWTON_SLOPE_Q2_29);
    for (uint32_t step = 0U; step < 3U; step++) {
        const int32_t error = ONE_Q2_29 - drsn_doubling_high(half_denominator, x);
        x += saturating_shift_left(drsn_doubling_high(x, error), 2U);
    }
    return saturating_shift_left(x, 1U);
}

static inline int32_t exp_of_difference(const drsn_softmax *p, int32_t difference)
{
    const int32_t shifted = drsn_shift_left(difference, (uint32_t)p->left_shift);
    return exp_of_negative(drsn_doubling_high(shifted, p->multiplier));
}

static void softmax_row(const drsn_softmax *p, const int8_t *input, int8_t *output, uint32_t columns)
{
    int32_t largest = -128;
    int32_t sum = 0; /* Q12.19 */
    int32_t headroom = 0;
    for (uint32_t i = 0U; i < columns; i++) {
        largest = (input[i] > largest) ? input[i] : largest;
    }
    for (uint32_t i = 0U; i < columns; i++) {
        const int32_t difference = (int32_t)input[i] - largest;
        if (difference >= p->diff_min) {
            sum += drsn_rounding_shift(exp_of_difference(p, difference), SUM_INTEGER_BITS);
        }
    }
    uint32_t normal = (uint32_t)sum; /* the sum moved up to bit 31; it is never 0 */
    while ((normal & ((uint32_t)1 << 31)) == 0U) {
        normal <<= 1;
        headroom++;
    }
    const int32_t scale = reciprocal_of_one_plus((int32_t)(normal - ((uint32_t)1 << 31)));
    const uint32_t shift = (uint32_t)((SUM_INTEGER_BITS - headroom) + 31 - 8);
    for (uint32_t i = 0U; i < columns; i++) {
        const int32_t difference = (int32_t)input[i] - largest;
        int32_t y = -128;
        if (difference >= p->diff_min) {
            const int32_t part = drsn_doubling_high(scale, exp_of_difference(p, difference));
            /* More than 511 equal logits: nothing is left of any. */
            y = (shift > 31U) ? -128 : drsn_clamp(drsn_rounding_shift(part, shift) - 128, -128, 127);
        }
        output[i] = (int8_t)y;
    }
}

void drsn_softmax_s8(const drsn_softmax *p, const int8_t *input, int8_t *output, uint32_t rows, uint32_t columns)
{
    for (uint32_t row = 0U; row < rows; row++) {
        softmax_row(p, &input[row * columns], &output[row * columns], columns);
    }
}
