/* Inner part of conv_s8 in plain C: windows as int8, one behind the other; two pixels by two channels at once. */
#ifndef DRSN_CONV_INNER_PORTABLE_H
#define DRSN_CONV_INNER_PORTABLE_H

#include "fixed_point.h"

typedef struct {
    int8_t *next;
    uint32_t behind; /* taps that round the window up to groups of four */
} drsn_patch;

static inline drsn_patch drsn_patch_open(void *scratch, uint32_t taps, uint32_t pixel)
{
    const uint32_t padded = (taps + 3U) & ~(uint32_t)3U;
    drsn_patch window;
    window.next = &((int8_t *)scratch)[pixel * padded];
    window.behind = padded - taps;
    return window;
}

static inline void drsn_patch_copy(drsn_patch *window, const int8_t *source, uint32_t count)
{
    (void)memcpy(window->next, source, count);
    window->next += count;
}

static inline void drsn_patch_fill(drsn_patch *window, int8_t value, uint32_t count)
{
    (void)memset(window->next, value, count);
    window->next += count;
}

static inline void drsn_patch_close(drsn_patch *window)
{
    for (uint32_t i = 0U; i < window->behind; i++) {
        window->next[i] = 0;
    }
}

static inline int8_t drsn_conv_finish(const drsn_conv *p, int32_t sum, uint32_t channel)
{
    const drsn_scale scale = p->scales[channel];
    int32_t value;
    if (p->any_scale != 0U) {
        value = drsn_rescale(sum, scale) + p->output_zero;
    } else {
        value = drsn_rescale_right(sum, scale, p->output_zero);
    }
    return (int8_t)drsn_clamp(value, p->low, p->high);
}

/* Sums of two pixels (a, b) and two channels (0, 1). */
typedef struct {
    int32_t a0, a1, b0, b1;
} drsn_four_sums;

static inline void drsn_tap_two(drsn_four_sums *s, int32_t xa, int32_t xb, int32_t w0, int32_t w1)
{
    s->a0 += xa * w0;
    s->a1 += xa * w1;
    s->b0 += xb * w0;
    s->b1 += xb * w1;
}

/* All output channels of two windows. */
static DRSN_APART void drsn_conv_two(const drsn_conv *p, const int8_t *windows, uint32_t padded, int8_t *output)
{
    const uint32_t channels = p->geometry.out_channels;
    const int8_t *const end = &windows[padded];
    const int8_t *w = p->weights;
    for (uint32_t c = 0U; c < channels; c += 2U) {
        const int8_t *a = windows;
        const int8_t *b = end;
        drsn_four_sums s = {p->bias[c], p->bias[c + 1U], p->bias[c], p->bias[c + 1U]};
        do {
            drsn_tap_two(&s, a[0], b[0], w[0], w[4]);
            drsn_tap_two(&s, a[1], b[1], w[1], w[5]);
            drsn_tap_two(&s, a[2], b[2], w[2], w[6]);
            drsn_tap_two(&s, a[3], b[3], w[3], w[7]);
            a += 4;
            b += 4;
            w += 8;
        } while (a != end);
        output[c] = drsn_conv_finish(p, s.a0, c);
        output[channels + c] = drsn_conv_finish(p, s.b0, c);
        if ((c + 1U) < channels) {
            output[c + 1U] = drsn_conv_finish(p, s.a1, c + 1U);
            output[channels + c + 1U] = drsn_conv_finish(p, s.b1, c + 1U);
        }
    }
}

/* All output channels of one window. */
static DRSN_APART void drsn_conv_one(const drsn_conv *p, const int8_t *window, uint32_t padded, int8_t *output)
{
    const uint32_t channels = p->geometry.out_channels;
    const int8_t *const end = &window[padded];
    const int8_t *w = p->weights;
    for (uint32_t c = 0U; c < channels; c += 2U) {
        const int8_t *a = window;
        int32_t a0 = p->bias[c];
        int32_t a1 = p->bias[c + 1U];
        do {
            a0 += (a[0] * w[0]) + (a[1] * w[1]) + (a[2] * w[2]) + (a[3] * w[3]);
            a1 += (a[0] * w[4]) + (a[1] * w[5]) + (a[2] * w[6]) + (a[3] * w[7]);
            a += 4;
            w += 8;
        } while (a != end);
        output[c] = drsn_conv_finish(p, a0, c);
        if ((c + 1U) < channels) {
            output[c + 1U] = drsn_conv_finish(p, a1, c + 1U);
        }
    }
}

static inline void drsn_conv_block(const drsn_conv *p, const void *scratch, uint32_t taps, uint32_t pixels,
                                   int8_t *output)
{
    const uint32_t padded = (taps + 3U) & ~(uint32_t)3U;
    if (pixels == 2U) {
        drsn_conv_two(p, (const int8_t *)scratch, padded, output);
    } else {
        drsn_conv_one(p, (const int8_t *)scratch, padded, output);
    }
}

#endif
