/* int8 depthwise convolution, one output pixel at a time: the rectangle of kernel positions that lie inside the map is
 * worked out once a pixel, so that no inner loop asks about padding. */
#include "fixed_point.h"
#include "kernel_span.h"

/* The taps of one output pixel that lie inside the map. */
typedef struct {
    const int8_t *input;  /* channel 0 under the first of them */
    const int8_t *weight; /* output channel 0 of the first of them */
    uint32_t rows, columns;
    uint32_t input_row, input_column;   /* bytes from tap to tap, downwards and sideways */
    uint32_t weight_row, weight_column;
} drsn_taps;

#include "depthwise_inner_portable.h"
#if defined(DRSN_MVE)
#include "depthwise_inner_mve.h"
#elif defined(DRSN_DSP)
#include "depthwise_inner_dsp.h"
#endif

/* Output channel `channel`, fed by input channel `source`: any multiplier, any channel. */
static DRSN_APART int8_t drsn_depthwise_one(const drsn_depthwise *p, const drsn_taps *taps, uint32_t source,
                                            uint32_t channel)
{
    const int32_t zero = p->input_zero;
    const uint32_t x_step = taps->input_column;
    const uint32_t w_step = taps->weight_column;
    const int8_t *x_row = &taps->input[source];
    const int8_t *w_row = &taps->weight[channel];
    const drsn_scale scale = p->scales[channel];
    int32_t sum = p->bias[channel];

    for (uint32_t rows = taps->rows; rows > 0U; rows--) {
        const int8_t *x = x_row;
        const int8_t *w = w_row;
        for (uint32_t n = taps->columns; n > 0U; n--) {
            sum += ((int32_t)*x - zero) * (int32_t)*w;
            x += x_step;
            w += w_step;
        }
        x_row += taps->input_row;
        w_row += taps->weight_row;
    }
    return (int8_t)drsn_clamp(drsn_rescale(sum, scale) + p->output_zero, p->low, p->high);
}

static void drsn_depthwise_pixel(const drsn_depthwise *p, const drsn_taps *taps, int8_t *output)
{
    uint32_t channel = 0U;
    uint32_t source = 0U;
    if (p->depth_multiplier == 1U) {
#if defined(DRSN_MVE) || defined(DRSN_DSP)
        channel = drsn_depthwise_lanes(p, taps, output);
#endif
        if (channel < p->geometry.out_channels) {
            channel = drsn_depthwise_plain(p, taps, channel, output);
        }
        source = channel;
    }
    while (channel < p->geometry.out_channels) {
        for (uint32_t m = 0U; m < p->depth_multiplier; m++) {
            output[channel] = drsn_depthwise_one(p, taps, source, channel);
            channel++;
        }
        source++;
    }
}

void drsn_depthwise_s8(const drsn_depthwise *p, const int8_t *input, int8_t *output)
{
    const drsn_geometry *const g = &p->geometry;
    int8_t *target = output;
    drsn_taps taps;
    int32_t top = -(int32_t)g->pad_top;

    taps.weight_column = g->out_channels;
    taps.weight_row = taps.weight_column * g->kernel_width;
    taps.input_column = (uint32_t)g->in_channels * g->dilation_width;
    taps.input_row = (uint32_t)g->in_channels * g->in_width * g->dilation_height;
    for (uint32_t row = 0U; row < g->out_height; row++) {
        const drsn_span down = drsn_span_inside(top, g->dilation_height, g->kernel_height, g->in_height);
        int32_t left = -(int32_t)g->pad_left;
        for (uint32_t column = 0U; column < g->out_width; column++) {
            const drsn_span across = drsn_span_inside(left, g->dilation_width, g->kernel_width, g->in_width);
            taps.rows = down.count;
            taps.columns = across.count;
            taps.input = input;
            taps.weight = p->weights;
            if ((down.count > 0U) && (across.count > 0U)) {
                const uint32_t y = (uint32_t)(top + (int32_t)(down.first * g->dilation_height));
                const uint32_t x = (uint32_t)(left + (int32_t)(across.first * g->dilation_width));
                taps.input += ((y * g->in_width) + x) * g->in_channels;
                taps.weight += ((down.first * g->kernel_width) + across.first) * g->out_channels;
            } else {
                taps.rows = 0U;
            }
            drsn_depthwise_pixel(p, &taps, target);
            target += g->out_channels;
            left += (int32_t)g->stride_width;
        }
        top += (int32_t)g->stride_height;
    }
}
