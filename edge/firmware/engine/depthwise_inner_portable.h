/* Inner part of depthwise_s8 in plain C: four channels at once, so that the walk over the taps is paid once. The other
 * forms leave to it what they do not do. */
#ifndef DRSN_DEPTHWISE_INNER_PORTABLE_H
#define DRSN_DEPTHWISE_INNER_PORTABLE_H

#include "fixed_point.h"

static inline int8_t drsn_depthwise_finish(const drsn_depthwise *p, int32_t sum, uint32_t channel)
{
    const drsn_scale scale = p->scales[channel];
    const int32_t value = (p->any_scale != 0U) ? (drsn_rescale(sum, scale) + p->output_zero)
                                                 : drsn_rescale_right(sum, scale, p->output_zero);
    return (int8_t)drsn_clamp(value, p->low, p->high);
}

/* Channels `first` and on of one output pixel, as many as go by four; returns the first that is left. */
static DRSN_APART uint32_t drsn_depthwise_plain(const drsn_depthwise *p, const drsn_taps *taps, uint32_t first,
                                                int8_t *output)
{
    const uint32_t channels = p->geometry.out_channels;
    uint32_t c;
    const uint32_t x_step = taps->input_column;
    const uint32_t w_step = taps->weight_column;
    const int32_t x_next = (int32_t)taps->input_row - (int32_t)(taps->columns * x_step);
    const int32_t w_next = (int32_t)taps->weight_row - (int32_t)(taps->columns * w_step);
    const int32_t zero = p->input_zero;
    for (c = first; (c + 4U) <= channels; c += 4U) {
        const int8_t *x = &taps->input[c];
        const int8_t *w = &taps->weight[c];
        int32_t s0 = p->bias[c];
        int32_t s1 = p->bias[c + 1U];
        int32_t s2 = p->bias[c + 2U];
        int32_t s3 = p->bias[c + 3U];
        for (uint32_t rows = taps->rows; rows > 0U; rows--) {
            for (uint32_t n = taps->columns; n > 0U; n--) {
                s0 += ((int32_t)x[0] - zero) * (int32_t)w[0];
                s1 += ((int32_t)x[1] - zero) * (int32_t)w[1];
                s2 += ((int32_t)x[2] - zero) * (int32_t)w[2];
                s3 += ((int32_t)x[3] - zero) * (int32_t)w[3];
                x += x_step;
                w += w_step;
            }
            x += x_next;
            w += w_next;
        }
        output[c] = drsn_depthwise_finish(p, s0, c);
        output[c + 1U] = drsn_depthwise_finish(p, s1, c + 1U);
        output[c + 2U] = drsn_depthwise_finish(p, s2, c + 2U);
        output[c + 3U] = drsn_depthwise_finish(p, s3, c + 3U);
    }
    return c;
}

#endif
