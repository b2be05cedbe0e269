/* Sum and difference as TFLite computes them: both operands brought to a common scale 20 bits finer, each rounded. */
#include "fixed_point.h"

#define LEFT_SHIFT 20U

static inline int8_t add_exact(const drsn_add_exact *p, int8_t a, int8_t b)
{
    const int32_t a_scaled = drsn_rescale(drsn_shift_left((int32_t)a - p->a_zero, LEFT_SHIFT), p->a_scale);
    const int32_t b_scaled = drsn_rescale(drsn_shift_left((int32_t)b - p->b_zero, LEFT_SHIFT), p->b_scale);
    const int32_t sum = ((p->a_negative != 0U) ? -a_scaled : a_scaled) + ((p->b_negative != 0U) ? -b_scaled : b_scaled);
    return (int8_t)drsn_clamp(drsn_rescale(sum, p->output_scale) + p->output_zero, p->low, p->high);
}

void drsn_add_exact_s8(const drsn_add_exact *p, const int8_t *a, const int8_t *b, uint32_t b_step, int8_t *output,
                       uint32_t positions, uint32_t channels)
{
    for (uint32_t position = 0U; position < positions; position++) {
        const uint32_t row = position * channels;
        for (uint32_t c = 0U; c < channels; c++) {
            output[row + c] = add_exact(p, a[row + c], b[c * b_step]);
        }
    }
}
