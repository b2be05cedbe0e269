/* For kernels_conv_check.c: seeded random layers, and TFLite's definition of their arithmetic. */
#ifndef KERNELS_CONV_CASES_H
#define KERNELS_CONV_CASES_H

#include <stdint.h>

#include "board.h"
#include "drsn_kernels.h"

enum { MAP = 12288, WEIGHTS = 65536, CHANNELS = 160, SCRATCH = 16384 };

static int8_t input_map[MAP];
static int8_t expected[MAP];
/* Exactly as large as one case needs when counted from the end, so that a sanitiser sees one byte too many. */
static int8_t arena[2 * MAP];
static int8_t raw_weights[WEIGHTS];
static int32_t packed_area[WEIGHTS / 2];
static int32_t raw_bias[CHANNELS];
static int32_t bias_area[CHANNELS];
static drsn_scale scale_area[CHANNELS];
static int32_t scratch_area[SCRATCH / 4];
static uint32_t state = 20240611U;

static uint32_t draw(uint32_t below)
{
    state = (state * 1664525U) + 1013904223U;
    return (uint32_t)(((uint64_t)(state >> 4) * below) >> 28);
}

static int8_t draw_int8(void)
{
    return (int8_t)((int32_t)draw(256U) - 128);
}

/* TFLite's MultiplyByQuantizedMultiplier with gemmlowp's two roundings, by division and in 64 bits. */
static int32_t reference_rescale(int32_t value, drsn_scale scale)
{
    const int64_t left = (scale.right_shift < 0) ? ((int64_t)1 << -scale.right_shift) : 1;
    const int64_t right = (scale.right_shift > 0) ? ((int64_t)1 << scale.right_shift) : 1;
    const int64_t product = (int64_t)value * left * scale.multiplier;
    const int64_t nudge = (product >= 0) ? ((int64_t)1 << 30) : (1 - ((int64_t)1 << 30));
    const int64_t high = (product + nudge) / ((int64_t)1 << 31);
    const int64_t size = (high < 0) ? -high : high;
    const int64_t rounded = (size + (right / 2)) / right;
    return (int32_t)((high < 0) ? -rounded : rounded);
}

static int8_t reference_output(int32_t sum, drsn_scale scale, int32_t zero, int32_t low, int32_t high)
{
    int32_t value = reference_rescale(sum, scale) + zero;
    value = (value < low) ? low : value;
    return (int8_t)((value > high) ? high : value);
}

/* One map position's value less the zero point; 0 in the padding. */
static int32_t reference_tap(const drsn_geometry *g, int32_t zero, uint32_t oy, uint32_t ox, uint32_t ky, uint32_t kx,
                             uint32_t channel)
{
    const int32_t y = (int32_t)(oy * g->stride_height + ky * g->dilation_height) - (int32_t)g->pad_top;
    const int32_t x = (int32_t)(ox * g->stride_width + kx * g->dilation_width) - (int32_t)g->pad_left;
    int32_t value = 0;
    if ((y >= 0) && (x >= 0) && (y < (int32_t)g->in_height) && (x < (int32_t)g->in_width)) {
        value = input_map[(((uint32_t)y * g->in_width) + (uint32_t)x) * g->in_channels + channel] - zero;
    }
    return value;
}

static int reports = 0;

static void show(const char *label, int64_t value)
{
    board_write(label);
    board_write_number(value);
}

static uint32_t compare(const char *what, uint32_t number, const drsn_geometry *g, const int8_t *got, uint32_t count)
{
    uint32_t wrong = 0U;
    for (uint32_t i = 0U; i < count; i++) {
        if (got[i] != expected[i]) {
            wrong++;
            if (reports < 20) {
                reports++;
                board_write(what);
                show(" ", number);
                show(": output ", i);
                show(" is ", got[i]);
                show(", expected ", expected[i]);
                show("; in ", g->in_height);
                show(" ", g->in_width);
                show(" ", g->in_channels);
                show(" out ", g->out_height);
                show(" ", g->out_width);
                show(" ", g->out_channels);
                show(" kernel ", g->kernel_height);
                show(" ", g->kernel_width);
                show(" stride ", g->stride_height);
                show(" ", g->stride_width);
                show(" dilation ", g->dilation_height);
                show(" ", g->dilation_width);
                board_write("\n");
            }
        }
    }
    return wrong;
}

static void draw_axis(uint16_t *in, uint16_t *out, uint16_t *kernel, uint16_t *stride, uint16_t *dilation,
                      uint16_t *pad, uint32_t largest)
{
    uint32_t reach;
    *in = (uint16_t)(1U + draw(largest));
    *kernel = (uint16_t)(1U + draw((draw(3U) == 0U) ? 9U : 3U));
    *stride = (uint16_t)(1U + draw(3U));
    *dilation = (uint16_t)((draw(4U) == 0U) ? (1U + draw(3U)) : 1U);
    reach = ((uint32_t)(*kernel - 1U) * *dilation) + 1U;
    if ((draw(2U) == 0U) || (reach > *in)) {
        const uint32_t outputs = ((uint32_t)*in + *stride - 1U) / *stride;
        const uint32_t needed = ((outputs - 1U) * *stride) + reach;
        *pad = (uint16_t)((needed > *in) ? ((needed - *in) / 2U) : 0U);
        *out = (uint16_t)outputs;
    } else {
        *pad = 0U;
        *out = (uint16_t)((((uint32_t)*in - reach) / *stride) + 1U);
    }
}

static drsn_geometry draw_geometry(uint32_t in_channels, uint32_t out_channels)
{
    drsn_geometry g;
    uint32_t fits = 0U;
    do {
        const uint32_t kind = draw(8U);
        g.in_channels = (uint16_t)in_channels;
        g.out_channels = (uint16_t)out_channels;
        draw_axis(&g.in_height, &g.out_height, &g.kernel_height, &g.stride_height, &g.dilation_height, &g.pad_top, 12U);
        draw_axis(&g.in_width, &g.out_width, &g.kernel_width, &g.stride_width, &g.dilation_width, &g.pad_left, 12U);
        if ((kind == 0U) || (kind == 1U)) { /* a signal */
            g.in_height = g.out_height = g.kernel_height = g.stride_height = g.dilation_height = 1U;
            g.pad_top = 0U;
        } else if (kind == 2U) {
            g.in_width = g.out_width = g.kernel_width = g.stride_width = g.dilation_width = 1U;
            g.pad_left = 0U;
        } else if (kind == 3U) { /* pointwise */
            g.kernel_height = g.kernel_width = g.stride_height = g.stride_width = 1U;
            g.dilation_height = g.dilation_width = 1U;
            g.pad_top = g.pad_left = 0U;
            g.out_height = g.in_height;
            g.out_width = g.in_width;
        } else {
            /* as drawn */
        }
        fits = ((uint32_t)g.in_height * g.in_width * in_channels <= (uint32_t)MAP) &&
               ((uint32_t)g.out_height * g.out_width * out_channels <= (uint32_t)MAP) &&
               ((uint32_t)g.kernel_height * g.kernel_width * in_channels <= 700U);
    } while (fits == 0U);
    return g;
}

/* The lowest input byte that output pixel `pixel` reads, or `none`. */
static int32_t lowest_read(const drsn_geometry *g, uint32_t pixel, int32_t none)
{
    int32_t lowest = none;
    for (uint32_t k = 0U; k < (uint32_t)g->kernel_height * g->kernel_width; k++) {
        const uint32_t ky = k / g->kernel_width;
        const uint32_t kx = k % g->kernel_width;
        const int32_t y = (int32_t)((pixel / g->out_width) * g->stride_height + ky * g->dilation_height) - g->pad_top;
        const int32_t x = (int32_t)((pixel % g->out_width) * g->stride_width + kx * g->dilation_width) - g->pad_left;
        if ((y >= 0) && (x >= 0) && (y < (int32_t)g->in_height) && (x < (int32_t)g->in_width)) {
            const int32_t at = (y * (int32_t)g->in_width + x) * (int32_t)g->in_channels;
            lowest = (at < lowest) ? at : lowest;
        }
    }
    return lowest;
}

/* The output's farthest place behind the input's start (negative: in front of it) where all that a block of pixels
 * writes lies below all that later blocks read, and with `own` also below what it reads itself. */
static int32_t tightest_distance(const drsn_geometry *g, uint32_t block, uint32_t own)
{
    const uint32_t pixels = (uint32_t)g->out_height * g->out_width;
    int32_t lowest = (int32_t)((uint32_t)g->in_height * g->in_width * g->in_channels);
    int32_t distance = lowest;
    for (uint32_t pixel = pixels; pixel > 0U; pixel--) {
        const int32_t written = (int32_t)(pixel * g->out_channels);
        const int32_t read = lowest_read(g, pixel - 1U, lowest);
        if ((pixel == pixels) || ((pixel % block) == 0U)) {
            const int32_t room = ((own != 0U) ? read : lowest) - written;
            distance = (room < distance) ? room : distance;
        }
        lowest = read;
    }
    return distance;
}

static void draw_map(uint32_t count, int8_t zero)
{
    const uint32_t kind = draw(6U);
    for (uint32_t i = 0U; i < count; i++) {
        int8_t value = draw_int8();
        if (kind == 0U) {
            value = (draw(2U) == 0U) ? (int8_t)-128 : (int8_t)127;
        } else if (kind == 1U) {
            value = (draw(2U) == 0U) ? (int8_t)-128 : zero;
        } else if (kind == 2U) {
            value = -128;
        } else {
            /* as drawn */
        }
        input_map[i] = value;
    }
}

static void draw_weights(uint32_t count)
{
    const uint32_t kind = draw(5U);
    for (uint32_t i = 0U; i < count; i++) {
        raw_weights[i] = draw_int8();
        if (kind == 0U) {
            raw_weights[i] = (draw(2U) == 0U) ? (int8_t)-128 : (int8_t)127;
        } else if (kind == 1U) {
            raw_weights[i] = -128;
        } else {
            /* as drawn */
        }
    }
}

/* Factors of every size; returns any_scale. Common layers scale sums of `taps` products to about int8. */
static uint8_t draw_scales(drsn_scale *scales, uint32_t channels, uint32_t taps)
{
    const uint32_t rare = (draw(4U) == 0U) ? 1U : 0U;
    uint8_t flag = 0U;
    int32_t usual = 5;
    for (uint32_t n = taps; n > 0U; n /= 4U) {
        usual++;
    }
    for (uint32_t c = 0U; c < channels; c++) {
        scales[c].multiplier = (int32_t)(0x40000000U + draw(0x40000000U));
        scales[c].right_shift = usual + (int32_t)draw(4U) - 1;
        if (draw(8U) == 0U) {
            scales[c].right_shift = 1 + (int32_t)draw(22U);
        }
        if (draw(16U) == 0U) {
            scales[c].multiplier = (draw(2U) == 0U) ? 0x7fffffff : 0x40000000;
        }
        if (rare != 0U) {
            const uint32_t kind = draw(4U);
            if (kind == 0U) {
                scales[c].right_shift = -(int32_t)draw(2U);
            } else if (kind == 1U) {
                scales[c].right_shift = 23 + (int32_t)draw(9U);
            } else if (kind == 2U) {
                scales[c].multiplier = 0;
                scales[c].right_shift = 0;
            } else {
                /* usual */
            }
        }
        if ((scales[c].right_shift < 1) || (scales[c].right_shift > 22)) {
            flag = 1U;
        }
    }
    return flag;
}

static void draw_clamp(int8_t *low, int8_t *high)
{
    *low = -128;
    *high = 127;
    if (draw(2U) == 0U) {
        *low = (int8_t)((int32_t)draw(128U) - 128);
        *high = (int8_t)draw(128U);
    }
}

#endif
