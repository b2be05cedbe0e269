/* Inner part of conv_s8 for the DSP extension (Cortex-M4, M7): two pixels by two channels at once. */
#ifndef DRSN_CONV_INNER_DSP_H
#define DRSN_CONV_INNER_DSP_H

#include "conv_patch_dsp.h"
#include "fixed_point.h"

/* Channels `first` and on of one window, two at a time: an odd last channel, and layers of rare shifts. */
static DRSN_APART void drsn_conv_one(const drsn_conv *p, const uint32_t *window, uint32_t groups, uint32_t first,
                                     int8_t *output)
{
    const uint32_t channels = p->geometry.out_channels;
    const int8_t *w = &p->weights[first * groups * 4U];
    for (uint32_t c = first; c < channels; c += 2U) {
        const uint32_t *x = window;
        int32_t sums[2] = {p->bias[c], p->bias[c + 1U]};
        for (uint32_t n = groups; n > 0U; n--) {
            uint32_t quads[2];
            (void)memcpy(quads, w, sizeof(quads));
            sums[0] = drsn_smlad(x[0], drsn_even_bytes(quads[0]), sums[0]);
            sums[1] = drsn_smlad(x[0], drsn_even_bytes(quads[1]), sums[1]);
            sums[0] = drsn_smlad(x[1], drsn_odd_bytes(quads[0]), sums[0]);
            sums[1] = drsn_smlad(x[1], drsn_odd_bytes(quads[1]), sums[1]);
            x += DRSN_GROUP_STEP;
            w += 8;
        }
        for (uint32_t i = 0U; (i < 2U) && ((c + i) < channels); i++) {
            const int32_t value = drsn_rescale(sums[i], p->scales[c + i]) + p->output_zero;
            output[c + i] = (int8_t)drsn_clamp(value, p->low, p->high);
        }
    }
}

/* What the assembly below works on; its order is written there too. */
typedef struct {
    const void *x;            /*  0: the two windows */
    const void *x_end;        /*  4 */
    uint32_t skip;            /*  8: bytes of code of the groups of four that the first round of the loop leaves out */
    const int8_t *weights;    /* 12 */
    const int32_t *bias;      /* 16 */
    const drsn_scale *scales; /* 20 */
    int8_t *to;               /* 24 */
    const int8_t *to_end;     /* 28 */
    uint32_t second;          /* 32: bytes from the first pixel's outputs to the second's */
    int32_t zero;             /* 36: 2 * output_zero + 1 */
} drsn_two_pixels;

/* Four taps of two pixels (a, b) and two channels (0, 1): 14 instructions for 16 products, 56 bytes.
 * r0 x, r1 weights, r2 a0, r3 b0, r9 a1, r10 b1. */
#define DRSN_FOUR_TAPS                      \
    "ldmia.w r0!, {r4, r5, r6, r8}\n\t"     \
    "ldrd r11, r12, [r1], #8\n\t"           \
    "sxtb16 lr, r11\n\t"                  \
    "sxtb16 r11, r11, ror #8\n\t"         \
    "smlad r2, r4, lr, r2\n\t"              \
    "smlad r3, r6, lr, r3\n\t"              \
    "sxtb16 lr, r12\n\t"                  \
    "smlad r2, r5, r11, r2\n\t"             \
    "smlad r3, r8, r11, r3\n\t"             \
    "sxtb16 r12, r12, ror #8\n\t"         \
    "smlad r9, r4, lr, r9\n\t"              \
    "smlad r10, r6, lr, r10\n\t"            \
    "smlad r9, r5, r12, r9\n\t"             \
    "smlad r10, r8, r12, r10\n\t"
#define DRSN_FOUR_TAPS_BYTES 56U

/* drsn_rescale_right of a and b, of one channel, and the clamp to int8. */
#define DRSN_RESCALE_TWO(a, b, multiplier, shift, half)   \
    "add.w r0, " half ", " a ", asr #31\n\t"              \
    "add.w lr, " half ", " b ", asr #31\n\t"              \
    "lsl.w " a ", " a ", #1\n\t"                          \
    "lsl.w " b ", " b ", #1\n\t"                          \
    "smmlar " a ", " a ", " multiplier ", r0\n\t"         \
    "smmlar " b ", " b ", " multiplier ", lr\n\t"         \
    "asr.w " a ", " a ", " shift "\n\t"                   \
    "asr.w " b ", " b ", " shift "\n\t"                   \
    "ssat " a ", #8, " a "\n\t"                           \
    "ssat " b ", #8, " b "\n\t"

/* All pairs of channels. The loop over channels keeps every register busy, which no compiler arranged as well: hence
 * assembly as a whole. r7 may be the frame pointer and is kept on the stack with the argument. */
static DRSN_APART void drsn_conv_pairs(drsn_two_pixels *t)
{
    register drsn_two_pixels *args __asm__("r0") = t;
    __asm__ volatile(
        "push {r0, r7}\n\t"
        "mov r7, r0\n\t"
        "ldr r1, [r7, #12]\n\t"
        "ldr r2, [r7, #8]\n\t"
        "adr.w r3, 2f\n\t"
        "add.w r2, r2, r3\n\t"
        "orr r2, r2, #1\n\t"
        "str r2, [r7, #8]\n"
        "1:\n\t"
        "ldr r0, [r7, #16]\n\t"
        "ldrd r2, r9, [r0], #8\n\t"
        "str r0, [r7, #16]\n\t"
        "ldr.w r12, [r7, #8]\n\t"
        "mov r3, r2\n\t"
        "mov r10, r9\n\t"
        "ldrd r0, r7, [r7]\n\t"
        "bx r12\n\t"
        ".p2align 2\n"
        "2:\n\t" DRSN_FOUR_TAPS DRSN_FOUR_TAPS DRSN_FOUR_TAPS DRSN_FOUR_TAPS
        "cmp r0, r7\n\t"
        "bne.w 2b\n\t"
        "ldr r7, [sp]\n\t"
        "ldr r0, [r7, #20]\n\t"
        "ldmia.w r0!, {r4, r5, r6, r8}\n\t"
        "str r0, [r7, #20]\n\t"
        "ldr r0, [r7, #36]\n\t"
        "sub.w r11, r5, #1\n\t"
        "sub.w r12, r8, #1\n\t"
        "lsl.w r11, r0, r11\n\t"
        "lsl.w r12, r0, r12\n\t"
        DRSN_RESCALE_TWO("r2", "r3", "r4", "r5", "r11")
        DRSN_RESCALE_TWO("r9", "r10", "r6", "r8", "r12")
        "ldrd r0, r5, [r7, #24]\n\t"
        "ldr r4, [r7, #32]\n\t"
        "bfi r3, r10, #8, #8\n\t"
        "bfi r2, r9, #8, #8\n\t"
        "strh r3, [r0, r4]\n\t"
        "strh r2, [r0], #2\n\t"
        "str r0, [r7, #24]\n\t"
        "cmp r0, r5\n\t"
        "bne.w 1b\n\t"
        "pop {r0, r7}\n\t"
        : "+r"(args)
        :
        : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
}

/* All output channels of `pixels` (1 or 2) windows. Of one, the second is computed from whatever lies in its place, and
 * its outputs are overwritten by the first's. */
static void drsn_conv_block(const drsn_conv *p, const void *scratch, uint32_t taps, uint32_t pixels, int8_t *output)
{
    const uint32_t *const windows = (const uint32_t *)scratch;
    const uint32_t groups = (taps + 3U) / 4U;
    const uint32_t channels = p->geometry.out_channels;
    const uint32_t paired = (p->any_scale == 0U) ? (channels & ~(uint32_t)1U) : 0U;
    if (paired > 0U) {
        drsn_two_pixels t;
        t.x = windows;
        t.x_end = &windows[groups * DRSN_GROUP_STEP];
        t.skip = ((0U - groups) & 3U) * DRSN_FOUR_TAPS_BYTES;
        t.weights = p->weights;
        t.bias = p->bias;
        t.scales = p->scales;
        t.to = output;
        t.to_end = &output[paired];
        t.second = (pixels - 1U) * channels;
        t.zero = (2 * (int32_t)p->output_zero) + 1;
        drsn_conv_pairs(&t);
        if ((p->low != -128) || (p->high != 127)) {
            for (uint32_t c = 0U; c < paired; c++) {
                output[c] = (int8_t)drsn_clamp(output[c], p->low, p->high);
                output[t.second + c] = (int8_t)drsn_clamp(output[t.second + c], p->low, p->high);
            }
        }
    }
    if (paired < channels) {
        for (uint32_t pixel = 0U; pixel < pixels; pixel++) {
            drsn_conv_one(p, &windows[pixel * 2U], groups, paired, &output[pixel * channels]);
        }
    }
}

#endif
