/* Inner part of depthwise_s8 for the DSP extension (Cortex-M4, M7): four channels at once. A word of inputs less the
 * zero point becomes two pairs of int16 by SXTAB16; each SMLAxy takes the halves that belong together. */
#ifndef DRSN_DEPTHWISE_INNER_DSP_H
#define DRSN_DEPTHWISE_INNER_DSP_H

#include "fixed_point.h"

/* What the assembly below works on; its order is written there too. */
typedef struct {
    const int8_t *x;          /*  0 */
    const int8_t *w;          /*  4 */
    uint32_t x_row, w_row;    /*  8, 12: bytes from one row of taps to the next */
    const int32_t *bias;      /* 16 */
    const drsn_scale *scales; /* 20 */
    int8_t *to;               /* 24 */
    const int8_t *to_end;     /* 28 */
    uint32_t rows;            /* 32 */
    uint32_t skip;            /* 36: bytes of code of the taps that a row has not */
    uint32_t minus_zero;      /* 40: -input_zero in both halves */
    uint32_t step;            /* 44: bytes from tap to tap in a row, of inputs and weights alike */
    int32_t zero;             /* 48: 2 * output_zero + 1 */
} drsn_quads;

/* One tap of four channels: 10 instructions, 40 bytes. r0 x, r1 w, r2 step, r3 minus_zero, r9 to r12 the sums. */
#define DRSN_FOUR_CHANNELS(offset)           \
    "ldr.w r4, [r0" offset "]\n\t"           \
    "ldr.w r6, [r1" offset "]\n\t"           \
    "sxtab16 r5, r3, r4, ror #8\n\t"         \
    "sxtb16 r8, r6, ror #8\n\t"              \
    "sxtab16 r4, r3, r4\n\t"                 \
    "sxtb16 r6, r6\n\t"                      \
    "smlabb r10, r5, r8, r10\n\t"            \
    "smlatt r12, r5, r8, r12\n\t"            \
    "smlabb r9, r4, r6, r9\n\t"              \
    "smlatt r11, r4, r6, r11\n\t"
#define DRSN_FOUR_CHANNELS_BYTES 40U

/* drsn_rescale_right of one sum by the scale at r0 + offset, and the clamp to int8. */
#define DRSN_RESCALE_ONE(sum, offset)              \
    "ldrd r4, r5, [r0, #" offset "]\n\t"           \
    "sub.w r6, r5, #1\n\t"                         \
    "lsl.w r6, r1, r6\n\t"                         \
    "add.w r6, r6, " sum ", asr #31\n\t"           \
    "lsl.w " sum ", " sum ", #1\n\t"               \
    "smmlar " sum ", " sum ", r4, r6\n\t"          \
    "asr.w " sum ", " sum ", r5\n\t"               \
    "ssat " sum ", #8, " sum "\n\t"

/* Channels by four, at most three taps a row: in assembly, for it keeps every register busy. r7 may be the frame
 * pointer and is kept on the stack with the argument. */
static DRSN_APART void drsn_depthwise_quads(drsn_quads *t)
{
    register drsn_quads *args __asm__("r0") = t;
    __asm__ volatile(
        "push {r0, r7}\n\t"
        "mov r7, r0\n\t"
        "ldr r4, [r7, #36]\n\t"
        "adr.w r5, 3f\n\t"
        "add.w r4, r4, r5\n\t"
        "orr r4, r4, #1\n\t"
        "str r4, [r7, #36]\n\t"
        "ldrd r3, r2, [r7, #40]\n"
        "1:\n\t"
        "ldr r4, [r7, #16]\n\t"
        "ldmia.w r4!, {r9, r10, r11, r12}\n\t"
        "str r4, [r7, #16]\n\t"
        "ldrd r0, r1, [r7]\n\t"
        "ldr.w lr, [r7, #32]\n"
        "2:\n\t"
        "ldr r4, [r7, #36]\n\t"
        "bx r4\n\t"
        ".p2align 2\n"
        "3:\n\t"
        DRSN_FOUR_CHANNELS(", r2, lsl #1") DRSN_FOUR_CHANNELS(", r2") DRSN_FOUR_CHANNELS("")
        "ldrd r4, r5, [r7, #8]\n\t"
        "add r0, r4\n\t"
        "add r1, r5\n\t"
        "subs.w lr, lr, #1\n\t"
        "bne.w 2b\n\t"
        "ldr r0, [r7, #20]\n\t"
        "ldr r1, [r7, #48]\n\t"
        DRSN_RESCALE_ONE("r9", "0") DRSN_RESCALE_ONE("r10", "8")
        DRSN_RESCALE_ONE("r11", "16") DRSN_RESCALE_ONE("r12", "24")
        "bfi r9, r10, #8, #8\n\t"
        "bfi r11, r12, #8, #8\n\t"
        "pkhbt r9, r9, r11, lsl #16\n\t"
        "add.w r0, r0, #32\n\t"
        "str r0, [r7, #20]\n\t"
        "ldrd r0, r1, [r7]\n\t"
        "ldrd r4, r5, [r7, #24]\n\t"
        "add.w r0, r0, #4\n\t"
        "add.w r1, r1, #4\n\t"
        "str r9, [r4], #4\n\t"
        "strd r0, r1, [r7]\n\t"
        "str r4, [r7, #24]\n\t"
        "cmp r4, r5\n\t"
        "bne.w 1b\n\t"
        "pop {r0, r7}\n\t"
        : "+r"(args)
        :
        : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
}

/* As many channels of one output pixel as go by four, where rows hold at most three taps and the layer has usual
 * shifts; else none. Returns their number. */
static uint32_t drsn_depthwise_lanes(const drsn_depthwise *p, const drsn_taps *taps, int8_t *output)
{
    const uint32_t single = (taps->rows == 1U) ? 1U : 0U;
    const uint32_t alike = (taps->input_column == taps->weight_column) ? 1U : 0U;
    const uint32_t narrow = ((taps->columns == 1U) || ((taps->columns <= 3U) && (alike != 0U))) ? 1U : 0U;
    uint32_t channels = p->geometry.out_channels & ~(uint32_t)3U;
    if ((p->any_scale != 0U) || (taps->rows == 0U) || ((narrow == 0U) && (single == 0U))) {
        channels = 0U;
    }
    if (channels > 0U) {
        drsn_quads t;
        t.x = taps->input;
        t.w = taps->weight;
        t.bias = p->bias;
        t.scales = p->scales;
        t.to = output;
        t.to_end = &output[channels];
        t.minus_zero = ((uint32_t)-(int32_t)p->input_zero & 0xffffU) * 0x10001U;
        t.zero = (2 * (int32_t)p->output_zero) + 1;
        t.step = taps->weight_column;
        if (narrow != 0U) {
            t.x_row = taps->input_row;
            t.w_row = taps->weight_row;
            t.rows = taps->rows;
            t.skip = (3U - taps->columns) * DRSN_FOUR_CHANNELS_BYTES;
        } else { /* a single row, taken for a column */
            t.x_row = taps->input_column;
            t.w_row = taps->weight_column;
            t.rows = taps->columns;
            t.skip = 2U * DRSN_FOUR_CHANNELS_BYTES;
        }
        drsn_depthwise_quads(&t);
        if ((p->low != -128) || (p->high != 127)) {
            for (uint32_t c = 0U; c < channels; c++) {
                output[c] = (int8_t)drsn_clamp(output[c], p->low, p->high);
            }
        }
    }
    return channels;
}

#endif
