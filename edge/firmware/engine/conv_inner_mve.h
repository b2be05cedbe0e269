/* Inner part of conv_s8 for MVE (Cortex-M55): two pixels by four channels at once. */
#ifndef DRSN_CONV_INNER_MVE_H
#define DRSN_CONV_INNER_MVE_H

#include "conv_patch_mve.h"
#include "fixed_point.h"

/* Sums of two pixels (a, b) over `groups` times sixteen taps, four channels each. */
typedef struct {
    int32x4_t a, b;
} drsn_eight_sums;

/* Two channels by two pixels. The two halves of a vector are written one after the other, as two registers each:
 * QEMU 7.2 swaps the lanes of MVE's own move of two registers, which vcreateq would use. */
#define DRSN_DOT(half)                              \
    "vldrb.8 q0, [%[x]], #16\n\t"                   \
    "vld20.32 {q2, q3}, [%[w]]\n\t"                 \
    "vld21.32 {q2, q3}, [%[w]]!\n\t"                \
    "vldrb.8 q1, [%[x]], #16\n\t"                   \
    "vmladav.s8 %[a0], q0, q2\n\t"                  \
    "vmladav.s8 %[a1], q0, q3\n\t"                  \
    "vmladav.s8 %[b0], q1, q2\n\t"                  \
    "vmladav.s8 %[b1], q1, q3\n\t"                  \
    "wls lr, %[more], 2f\n"                         \
    "1:\n\t"                                        \
    "vldrb.8 q0, [%[x]], #16\n\t"                   \
    "vld20.32 {q2, q3}, [%[w]]\n\t"                 \
    "vld21.32 {q2, q3}, [%[w]]!\n\t"                \
    "vldrb.8 q1, [%[x]], #16\n\t"                   \
    "vmladava.s8 %[a0], q0, q2\n\t"                 \
    "vmladava.s8 %[a1], q0, q3\n\t"                 \
    "vmladava.s8 %[b0], q1, q2\n\t"                 \
    "vmladava.s8 %[b1], q1, q3\n\t"                 \
    "le lr, 1b\n"                                   \
    "2:\n\t"                                        \
    "vmov %" half "[a], %[a0], %[a1]\n\t"           \
    "vmov %" half "[b], %[b0], %[b1]\n\t"

/* `next`: bytes from a pair of channels to the next. */
static inline drsn_eight_sums drsn_dot_two(const int8_t *windows, const int8_t *weights, uint32_t next,
                                           uint32_t groups)
{
    const int8_t *x = windows;
    const int8_t *w = weights;
    drsn_eight_sums s;
    int32_t a0;
    int32_t a1;
    int32_t b0;
    int32_t b1;
    __asm__ volatile(DRSN_DOT("e")
                     "mov %[x], %[windows]\n\t"
                     "add %[w], %[weights], %[next]\n\t" DRSN_DOT("f")
                     : [x] "+&r"(x), [w] "+&r"(w), [a0] "=&Te"(a0), [a1] "=&Te"(a1), [b0] "=&Te"(b0),
                       [b1] "=&Te"(b1), [a] "=&w"(s.a), [b] "=&w"(s.b)
                     : [more] "r"(groups - 1U), [windows] "r"(windows), [weights] "r"(weights), [next] "r"(next)
                     : "q0", "q1", "q2", "q3", "lr", "memory");
    return s;
}

/* One pixel, two channels. */
static inline void drsn_dot_one(const int8_t *window, const int8_t *weights, uint32_t groups, int32_t sums[2])
{
    const int8_t *x = window;
    const int8_t *w = weights;
    int32_t first = 0;
    int32_t second = 0;
    for (uint32_t n = groups; n > 0U; n--) {
        const int32x4x2_t pair = vld2q_s32((const int32_t *)(const void *)w);
        const int8x16_t taps = vldrbq_s8(x);
        first = vmladavaq_s8(first, taps, vreinterpretq_s8_s32(pair.val[0]));
        second = vmladavaq_s8(second, taps, vreinterpretq_s8_s32(pair.val[1]));
        x += DRSN_GROUP_STEP;
        w += 32;
    }
    sums[0] = first;
    sums[1] = second;
}

/* Channels `first` and on of `pixels` windows, two channels at a time: what drsn_conv_fours leaves. */
static DRSN_APART void drsn_conv_rest(const drsn_conv *p, const int8_t *windows, uint32_t taps, uint32_t pixels,
                                      uint32_t first, int8_t *output)
{
    const uint32_t channels = p->geometry.out_channels;
    const uint32_t groups = (taps + 15U) / 16U;
    const uint32_t next = ((taps + 3U) / 4U) * 8U;
    const int8_t *w = &p->weights[(first / 2U) * next];
    for (uint32_t c = first; c < channels; c += 2U) {
        for (uint32_t pixel = 0U; pixel < pixels; pixel++) {
            const int8_t *x = &windows[pixel * 16U];
            int32_t sums[2];
            drsn_dot_one(x, w, groups, sums);
            for (uint32_t i = 0U; (i < 2U) && ((c + i) < channels); i++) {
                const int32_t value = drsn_rescale(sums[i] + p->bias[c + i], p->scales[c + i]) + p->output_zero;
                output[(pixel * channels) + c + i] = (int8_t)drsn_clamp(value, p->low, p->high);
            }
        }
        w += next;
    }
}

/* As many channels of two windows as go by four; returns their number. second: bytes from the first pixel's outputs to
 * the second's; 0 where there is no second: it is computed from whatever lies in its place, and overwritten by the
 * first. any: 1 for rare shifts; inlined for each. */
static inline uint32_t drsn_conv_fours(const drsn_conv *p, const int8_t *windows, uint32_t taps, uint32_t second,
                                       int8_t *output, uint32_t any)
{
    const uint32_t fours = p->geometry.out_channels & ~(uint32_t)3U;
    const uint32_t groups = (taps + 15U) / 16U;
    const uint32_t next = ((taps + 3U) / 4U) * 8U;
    const int32x4_t low = vdupq_n_s32(p->low);
    const int32x4_t high = vdupq_n_s32(p->high);
    const int32_t zero = p->output_zero;
    const int8_t *w = p->weights;
    const int32_t *bias = p->bias;
    const int32_t *scales = &p->scales[0].multiplier;
    int8_t *to = output;
    int8_t *const end = &output[fours];
    while (to != end) {
        const drsn_eight_sums s = drsn_dot_two(windows, w, next, groups);
        const int32x4_t offset = vld1q_s32(bias);
        const int32x4x2_t scale = vld2q_s32(scales);
        const int32x4_t minus_shift = vnegq_s32(scale.val[1]);
        int32x4_t a = vaddq_s32(s.a, offset);
        int32x4_t b = vaddq_s32(s.b, offset);
        if (any != 0U) {
            a = drsn_rescale_mve(a, scale.val[0], minus_shift);
            b = drsn_rescale_mve(b, scale.val[0], minus_shift);
        } else {
            a = drsn_rescale_right_mve(a, scale.val[0], minus_shift);
            b = drsn_rescale_right_mve(b, scale.val[0], minus_shift);
        }
        a = vminq_s32(vmaxq_s32(vaddq_n_s32(a, zero), low), high);
        b = vminq_s32(vmaxq_s32(vaddq_n_s32(b, zero), low), high);
        vstrbq_s32(&to[second], b);
        vstrbq_s32(to, a);
        w += 2U * next;
        bias += 4;
        scales += 8;
        to += 4;
    }
    return fours;
}

static DRSN_APART uint32_t drsn_conv_fours_usual(const drsn_conv *p, const int8_t *windows, uint32_t taps,
                                                 uint32_t second, int8_t *output)
{
    return drsn_conv_fours(p, windows, taps, second, output, 0U);
}

static DRSN_APART uint32_t drsn_conv_fours_any(const drsn_conv *p, const int8_t *windows, uint32_t taps,
                                               uint32_t second, int8_t *output)
{
    return drsn_conv_fours(p, windows, taps, second, output, 1U);
}

static inline void drsn_conv_block(const drsn_conv *p, const void *scratch, uint32_t taps, uint32_t pixels,
                                   int8_t *output)
{
    const int8_t *const windows = (const int8_t *)scratch;
    const uint32_t second = (pixels - 1U) * p->geometry.out_channels;
    const uint32_t done = (p->any_scale != 0U) ? drsn_conv_fours_any(p, windows, taps, second, output)
                                                 : drsn_conv_fours_usual(p, windows, taps, second, output);
    if (done < p->geometry.out_channels) {
        drsn_conv_rest(p, windows, taps, pixels, done, output);
    }
}

#endif
