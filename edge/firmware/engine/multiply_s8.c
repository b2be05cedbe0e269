/* Product of two maps, or of a map and a vector or scalar. */
#include "packed_s8.h"

/* is_right: the scale's right_shift is 1 to 22. A constant to the compiler: one loop for each value. */
static DRSN_INLINE void multiply(const drsn_multiply *p, const int8_t *a, const int8_t *b, uint32_t b_step,
                                 int8_t *output, uint32_t positions, uint32_t channels, uint8_t is_right)
{
    const drsn_multiply constants = *p; /* in registers: the output could alias *p */
    for (uint32_t row = 0U; row < (positions * channels); row += channels) {
        for (uint32_t c = 0U; c < channels; c++) {
            const int32_t of_a = (int32_t)a[row + c] - constants.a_zero;
            const int32_t product = of_a * ((int32_t)b[c * b_step] - constants.b_zero);
            const int32_t scaled = (is_right != 0U)
                ? drsn_rescale_right(product, constants.scale, constants.output_zero)
                : (drsn_rescale(product, constants.scale) + constants.output_zero);
            output[row + c] = (int8_t)drsn_clamp(scaled, constants.low, constants.high);
        }
    }
}

void drsn_multiply_s8(const drsn_multiply *p, const int8_t *a, const int8_t *b, uint32_t b_step, int8_t *output,
                      uint32_t positions, uint32_t channels)
{
    if ((p->scale.right_shift >= 1) && (p->scale.right_shift <= 22)) {
        multiply(p, a, b, b_step, output, positions, channels, 1U);
    } else {
        multiply(p, a, b, b_step, output, positions, channels, 0U);
    }
}
