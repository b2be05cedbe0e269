/* The int8 kernels of the engine: one interface, three implementations chosen by the compiler's target.
 *
 * Every kernel returns bit for bit what TFLite-Micro's reference kernels return. Portable C99 by default;
 * SMLAD and relatives where the core has the DSP extension (Cortex-M4, M7); MVE on a Cortex-M55.
 * -DDRSN_PORTABLE takes the portable form everywhere.
 *
 * Maps lie as (height, width, channels), channels innermost; a signal has width 1 or height 1.
 * No kernel keeps state, allocates or fails: the generator has checked every number before it wrote it.
 *
 * Overlap of output and input: kernels of equal element order (table, affine, add, multiply, extremum, shrink_apply)
 * read what belongs to an element before they write it, so the output may lie on an input. conv_s8 works through the
 * output in row-major order, at most DRSN_PIXELS output pixels at a time, and reads all input of such a block before it
 * writes any of it. depthwise_s8 does so one pixel at a time and, with depth_multiplier 1, a few channels at a time in
 * their order: what it writes of a pixel may lie on what that pixel reads only where the output begins at or in front
 * of the input. The generator lets output and input overlap as far as that allows.
 */
#ifndef DRSN_KERNELS_H
#define DRSN_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/* For arrays that kernels read a word at a time. */
#if defined(__GNUC__)
#define DRSN_ALIGNED __attribute__((aligned(4)))
#else
#define DRSN_ALIGNED
#endif

/* Output pixels that conv_s8 holds at once. */
#define DRSN_PIXELS 2

/* Bytes of scratch memory of conv_s8 for `taps` = kernel_height * kernel_width * in_channels. 4-byte aligned. */
#define DRSN_CONV_SCRATCH(taps) (DRSN_PIXELS * 2 * ((((taps) + 15) / 16) * 16))

/* TFLite's fixed-point factor: value * multiplier / 2^31 * 2^-right_shift, rounded twice (gemmlowp).
 * right_shift is negative where the factor is 1 or more (a left shift before the product). */
typedef struct {
    int32_t multiplier;
    int32_t right_shift;
} drsn_scale;

typedef struct {
    uint16_t in_height, in_width, in_channels;
    uint16_t out_height, out_width, out_channels;
    uint16_t kernel_height, kernel_width;
    uint16_t stride_height, stride_width;
    uint16_t dilation_height, dilation_width;
    uint16_t pad_top, pad_left;
} drsn_geometry;

/* Convolution; a fully connected layer is one of 1 x 1 pixels.
 *
 * weights: for each pair of output channels (2j, 2j+1) and each group of four taps (order kernel row, kernel column,
 * input channel; zeros behind the last): four weights of channel 2j, then four of 2j+1. An odd last channel has a
 * partner of zeros. 4-byte aligned, 32 zero bytes behind the end.
 * bias: int32, with the input's zero point folded in (bias - input_zero * sum of the channel's weights); an array of
 * an even number of channels. scales: likewise. Padding reads as input_zero.
 * any_scale: 0 if it is proven that every right_shift is 1..22 and every |accumulator| below 2^30; otherwise 1, the
 * general and slower rescaling, for accumulators below 2^31 after their left shift. */
typedef struct {
    drsn_geometry geometry;
    const int8_t *weights;
    const int32_t *bias;
    const drsn_scale *scales;
    int8_t input_zero, output_zero, low, high;
    uint8_t any_scale;
} drsn_conv;

void drsn_conv_s8(const drsn_conv *p, const int8_t *input, int8_t *output, void *scratch);

/* Depthwise convolution. out_channels = in_channels * depth_multiplier.
 * weights: (kernel_height, kernel_width, out_channels), as TFLite has them, 16 zero bytes behind the end, 4-byte
 * aligned. bias: int32 as TFLite has it (nothing folded in); taps outside the map count nothing.
 * One output pixel at a time. */
typedef struct {
    drsn_geometry geometry;
    const int8_t *weights;
    const int32_t *bias;
    const drsn_scale *scales;
    int8_t input_zero, output_zero, low, high;
    uint8_t any_scale;
    uint8_t depth_multiplier;
} drsn_depthwise;

void drsn_depthwise_s8(const drsn_depthwise *p, const int8_t *input, int8_t *output);

/* y = clamp((factor[c] * x + offset[c]) >> shift) for each of `positions` x `channels`.
 * The generator has proven for all 256 x that this is what the reference returns and that int32 holds it. */
typedef struct {
    const int32_t *factor;
    const int32_t *offset;
    uint8_t shift;
    int8_t low, high;
} drsn_affine;

void drsn_affine_s8(const drsn_affine *p, const int8_t *input, int8_t *output, uint32_t positions, uint32_t channels);

/* y = clamp((a_factor * a + b_factor * b + offset) >> shift): ADD and SUB, proven for all 65,536 pairs. */
typedef struct {
    int32_t a_factor, b_factor, offset;
    uint8_t shift;
    int8_t low, high;
} drsn_add;

/* b has as many elements as a. */
void drsn_add_s8(const drsn_add *p, const int8_t *a, const int8_t *b, int8_t *output, uint32_t count);
/* b has one element a channel (b_step 1) or one in all (b_step 0). */
void drsn_add_channels_s8(const drsn_add *p, const int8_t *a, const int8_t *b, uint32_t b_step, int8_t *output,
                          uint32_t positions, uint32_t channels);

/* The same where no such form exists: TFLite's own arithmetic, operands scaled apart and rounded twice.
 * a_negative, b_negative: 1 for the operand that SUB takes away. */
typedef struct {
    drsn_scale a_scale, b_scale, output_scale;
    int8_t a_zero, b_zero, output_zero, low, high;
    uint8_t a_negative, b_negative;
} drsn_add_exact;

void drsn_add_exact_s8(const drsn_add_exact *p, const int8_t *a, const int8_t *b, uint32_t b_step, int8_t *output,
                       uint32_t positions, uint32_t channels);

/* y = clamp(output_zero + (a - a_zero) * (b - b_zero) * scale). b_step: 1 for a b of `channels` elements, 0 for a b of
 * one element; equal shapes are positions = 1, channels = count. */
typedef struct {
    drsn_scale scale;
    int8_t a_zero, b_zero, output_zero, low, high;
} drsn_multiply;

void drsn_multiply_s8(const drsn_multiply *p, const int8_t *a, const int8_t *b, uint32_t b_step, int8_t *output,
                      uint32_t positions, uint32_t channels);

/* The larger (smaller) of a and b, both on one scale; b_step as above. */
void drsn_maximum_s8(const int8_t *a, const int8_t *b, uint32_t b_step, int8_t *output, uint32_t positions,
                     uint32_t channels);
void drsn_minimum_s8(const int8_t *a, const int8_t *b, uint32_t b_step, int8_t *output, uint32_t positions,
                     uint32_t channels);

/* y = table[(uint8_t)x]: any function of one value. */
void drsn_table_s8(const int8_t *table, const int8_t *input, int8_t *output, uint32_t count);

/* Mean over positions: for each channel clamp(output_zero + (sum - positions * input_zero) * scale), the scale with the
 * division in it. clamp is to int8. */
typedef struct {
    drsn_scale scale;
    int8_t input_zero, output_zero;
} drsn_mean;

void drsn_mean_s8(const drsn_mean *p, const int8_t *input, int8_t *output, uint32_t positions, uint32_t channels);

/* Shrinkage, first pass: mean over positions of table[x] (its |x|), without a map of |x|. p describes the mean. */
void drsn_shrink_mean_s8(const drsn_mean *p, const int8_t *table, const int8_t *input, int8_t *output,
                         uint32_t positions, uint32_t channels);

/* Shrinkage, second pass, element by element:
 *   inside = min(max(x, minus_tau), tau)
 *   shrunk = clamp((subtract.a_factor * x + subtract.b_factor * inside + subtract.offset) >> subtract.shift)
 *   y      = clamp((add.a_factor * shrunk + add.b_factor * residual + add.offset) >> add.shift)
 * tau and minus_tau have one element a channel (tau_step 1) or one in all (tau_step 0).
 * residual NULL: y = shrunk. */
typedef struct {
    drsn_add subtract;
    drsn_add add;
} drsn_shrink;

void drsn_shrink_apply_s8(const drsn_shrink *p, const int8_t *x, const int8_t *minus_tau, const int8_t *tau,
                          uint32_t tau_step, const int8_t *residual, int8_t *output, uint32_t positions,
                          uint32_t channels);

/* Pooling; of the geometry kernel, stride, pad and sizes count, out_channels = in_channels. Padding is left out of both
 * average (rounded half away from zero, divided by the taps inside) and maximum. Output may not overlap the input. */
typedef struct {
    drsn_geometry geometry;
    int8_t low, high;
} drsn_pool;

void drsn_average_pool_s8(const drsn_pool *p, const int8_t *input, int8_t *output);
void drsn_max_pool_s8(const drsn_pool *p, const int8_t *input, int8_t *output);

/* Softmax of each of `rows` rows; output scale 1/256, zero point -128. multiplier, left_shift and diff_min as
 * TFLite's preparation computes them (beta * input scale in Q5.26). */
typedef struct {
    int32_t multiplier;
    int32_t left_shift;
    int32_t diff_min;
} drsn_softmax;

void drsn_softmax_s8(const drsn_softmax *p, const int8_t *input, int8_t *output, uint32_t rows, uint32_t columns);

/* Constant padding of a (height, width, channels) map, channels too. */
typedef struct {
    uint16_t height, width, channels;
    uint16_t before[3], after[3];
    int8_t value;
} drsn_pad;

void drsn_pad_s8(const drsn_pad *p, const int8_t *input, int8_t *output);

/* A border of height and width that mirrors the map; edge: 1 if the outermost position is repeated, 0 if the map is
 * mirrored around it. `before` and `after` (height, width) are at most the side, and less by one with edge 0. */
typedef struct {
    uint16_t height, width, channels;
    uint16_t before[2], after[2];
    uint8_t edge;
} drsn_mirror_pad;

void drsn_mirror_pad_s8(const drsn_mirror_pad *p, const int8_t *input, int8_t *output);

#endif
