/* Inner part of depthwise_s8 for MVE (Cortex-M55): eight channels at once, inputs less the zero point times weights in
 * int16, even and odd channels summed apart. */
#ifndef DRSN_DEPTHWISE_INNER_MVE_H
#define DRSN_DEPTHWISE_INNER_MVE_H

#include "fixed_point.h"

/* As many channels of one output pixel as go by eight; returns their number. any: 1 for rare shifts; inlined for
 * each. */
static inline uint32_t drsn_depthwise_eights(const drsn_depthwise *p, const drsn_taps *taps, int8_t *output,
                                             uint32_t any)
{
    const uint32_t channels = p->geometry.out_channels & ~(uint32_t)7U;
    const uint32_t x_step = taps->input_column;
    const uint32_t w_step = taps->weight_column;
    const uint32_t columns = taps->columns;
    const int32_t x_next = (int32_t)taps->input_row - (int32_t)(columns * x_step);
    const int32_t w_next = (int32_t)taps->weight_row - (int32_t)(columns * w_step);
    const int32_t zero = p->input_zero;
    const int16_t output_zero = p->output_zero;
    const int16x8_t low = vdupq_n_s16(p->low);
    const int16x8_t high = vdupq_n_s16(p->high);
    const int8_t *x_first = taps->input;
    const int8_t *w_first = taps->weight;
    const int32_t *bias = p->bias;
    const int32_t *scales = &p->scales[0].multiplier;
    int8_t *to = output;
    int8_t *const end = &output[channels];
    while (to != end) {
        /* Taps first, then what the sums become: registers hold either. */
        const int8_t *x = x_first;
        const int8_t *w = w_first;
        int32x4_t even = vdupq_n_s32(0);
        int32x4_t odd = even;
        int16x8_t value = vdupq_n_s16(0);
        for (uint32_t rows = taps->rows; rows > 0U; rows--) {
            /* The widening loads take low registers only. */
            __asm__ volatile("dls lr, %[columns]\n"
                             "1:\n\t"
                             "vldrb.s16 q0, [%[x]]\n\t"
                             "vldrb.s16 q1, [%[w]]\n\t"
                             "add %[x], %[x], %[x_step]\n\t"
                             "vsub.i16 q0, q0, %[zero]\n\t"
                             "add %[w], %[w], %[w_step]\n\t"
                             "vmullb.s16 q2, q0, q1\n\t"
                             "vadd.i32 %q[even], %q[even], q2\n\t"
                             "vmullt.s16 q2, q0, q1\n\t"
                             "vadd.i32 %q[odd], %q[odd], q2\n\t"
                             "le lr, 1b\n\t"
                             : [x] "+l"(x), [w] "+l"(w), [even] "+w"(even), [odd] "+w"(odd)
                             : [columns] "r"(columns), [x_step] "r"(x_step), [w_step] "r"(w_step), [zero] "r"(zero)
                             : "q0", "q1", "q2", "lr", "memory");
            x += x_next;
            w += w_next;
        }
        {
            const int32x4x2_t offset = vld2q_s32(bias);
            even = vaddq_s32(even, offset.val[0]);
            odd = vaddq_s32(odd, offset.val[1]);
        }
        {
            const int32x4x4_t scale = vld4q_s32(scales);
            const int32x4_t even_shift = vnegq_s32(scale.val[1]);
            const int32x4_t odd_shift = vnegq_s32(scale.val[3]);
            if (any != 0U) {
                even = drsn_rescale_mve(even, scale.val[0], even_shift);
                odd = drsn_rescale_mve(odd, scale.val[2], odd_shift);
            } else {
                even = drsn_rescale_right_mve(even, scale.val[0], even_shift);
                odd = drsn_rescale_right_mve(odd, scale.val[2], odd_shift);
            }
        }
        value = vqaddq_n_s16(vqmovntq_s32(vqmovnbq_s32(value, even), odd), output_zero);
        vstrbq_s16(to, vminq_s16(vmaxq_s16(value, low), high));
        x_first += 8;
        w_first += 8;
        bias += 8;
        scales += 16;
        to += 8;
    }
    return channels;
}

static DRSN_APART uint32_t drsn_depthwise_eights_any(const drsn_depthwise *p, const drsn_taps *taps, int8_t *output)
{
    return drsn_depthwise_eights(p, taps, output, 1U);
}

static DRSN_APART uint32_t drsn_depthwise_eights_usual(const drsn_depthwise *p, const drsn_taps *taps, int8_t *output)
{
    return drsn_depthwise_eights(p, taps, output, 0U);
}

/* Returns the number of channels dealt with. */
static inline uint32_t drsn_depthwise_lanes(const drsn_depthwise *p, const drsn_taps *taps, int8_t *output)
{
    return (p->any_scale != 0U) ? drsn_depthwise_eights_any(p, taps, output)
                                  : drsn_depthwise_eights_usual(p, taps, output);
}

#endif
