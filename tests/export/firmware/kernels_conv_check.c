/* drsn_conv_s8 and drsn_depthwise_s8 against loops written from TFLite's definition: seeded random geometries, corner
 * values, rare shifts, clamps, and output laid over the input as far as drsn_kernels.h allows.
 * Built with -DDRSN_CASES=n for n geometries of each kind. Prints the first mismatches; exit status 0 when none. */
#include <stdint.h>
#include <string.h>

#include "board.h"
#include "drsn_kernels.h"
#include "kernels_conv_cases.h"

#ifndef DRSN_CASES
#define DRSN_CASES 300
#endif

/* Runs the kernel apart from its input, then as tightly over it as drsn_kernels.h allows. */
static uint32_t check_conv(uint32_t number)
{
    const uint32_t in_channels = (draw(3U) == 0U) ? (16U * (1U + draw(4U))) : (1U + draw(70U));
    const uint32_t out_channels = (draw(3U) == 0U) ? (16U * (1U + draw(4U))) : (1U + draw(70U));
    const drsn_geometry g = draw_geometry(in_channels, out_channels);
    const uint32_t taps = (uint32_t)g.kernel_height * g.kernel_width * in_channels;
    const uint32_t quads = (taps + 3U) / 4U;
    const uint32_t pairs = (out_channels + 1U) / 2U;
    const uint32_t packed_bytes = (pairs * quads * 8U) + 32U;
    const uint32_t in_count = (uint32_t)g.in_height * g.in_width * in_channels;
    const uint32_t out_count = (uint32_t)g.out_height * g.out_width * out_channels;
    int8_t *const packed = &((int8_t *)packed_area)[sizeof(packed_area) - packed_bytes];
    int32_t *const bias = &bias_area[CHANNELS - (2U * pairs)];
    drsn_scale *const scales = &scale_area[CHANNELS - (2U * pairs)];
    void *const scratch = &((int8_t *)scratch_area)[sizeof(scratch_area) - (size_t)DRSN_CONV_SCRATCH(taps)];
    int32_t distance;
    int8_t *input;
    int8_t *output;
    drsn_conv p;
    uint32_t wrong;

    if (packed_bytes > sizeof(packed_area)) {
        return 0U;
    }
    p.geometry = g;
    p.weights = packed;
    p.bias = bias;
    p.scales = scales;
    p.input_zero = draw_int8();
    p.output_zero = (draw(2U) == 0U) ? (int8_t)-128 : draw_int8();
    draw_clamp(&p.low, &p.high);
    draw_map(in_count, p.input_zero);
    (void)memset(packed_area, 0, sizeof(packed_area));
    (void)memset(scratch_area, 0x55, sizeof(scratch_area));
    draw_weights((taps * out_channels <= (uint32_t)WEIGHTS) ? (taps * out_channels) : (uint32_t)WEIGHTS);
    p.any_scale = draw_scales(scales, out_channels, taps);
    if ((out_channels % 2U) != 0U) {
        scales[out_channels].multiplier = 0;
        scales[out_channels].right_shift = 1;
        bias[out_channels] = 0;
    }
    for (uint32_t c = 0U; c < out_channels; c++) {
        int32_t sum = 0;
        raw_bias[c] = (int32_t)draw(200001U) - 100000;
        for (uint32_t k = 0U; k < taps; k++) {
            packed[((c / 2U) * quads * 8U) + ((k / 4U) * 8U) + ((c % 2U) * 4U) + (k % 4U)] =
                raw_weights[((c * taps) + k) % (uint32_t)WEIGHTS];
            sum += raw_weights[((c * taps) + k) % (uint32_t)WEIGHTS];
        }
        bias[c] = raw_bias[c] - (p.input_zero * sum);
    }
    for (uint32_t pixel = 0U; pixel < (uint32_t)g.out_height * g.out_width; pixel++) {
        for (uint32_t c = 0U; c < out_channels; c++) {
            int32_t sum = raw_bias[c];
            uint32_t k = c * taps;
            for (uint32_t ky = 0U; ky < g.kernel_height; ky++) {
                for (uint32_t kx = 0U; kx < g.kernel_width; kx++) {
                    for (uint32_t i = 0U; i < in_channels; i++) {
                        sum += reference_tap(&g, p.input_zero, pixel / g.out_width, pixel % g.out_width, ky, kx, i) *
                               raw_weights[k % (uint32_t)WEIGHTS];
                        k++;
                    }
                }
            }
            expected[(pixel * out_channels) + c] = reference_output(sum, scales[c], p.output_zero, p.low, p.high);
        }
    }

    input = &arena[MAP - in_count];
    output = &arena[(2U * MAP) - out_count];
    (void)memset(arena, 0x2a, sizeof(arena));
    (void)memcpy(input, input_map, in_count);
    drsn_conv_s8(&p, input, output, scratch);
    wrong = compare("conv", number, &g, output, out_count);
    if (output[-1] != 0x2a) {
        show("conv: wrote in front of its output, geometry ", number);
        board_write("\n");
        wrong++;
    }

    distance = tightest_distance(&g, DRSN_PIXELS, 0U);
    input = &arena[MAP - in_count];
    output = input + distance;
    if (distance >= -(int32_t)(MAP - in_count)) {
        (void)memcpy(input, input_map, in_count);
        drsn_conv_s8(&p, input, output, scratch);
        wrong += compare("conv over its input", number, &g, output, out_count);
    }
    return wrong;
}

static uint32_t check_depthwise(uint32_t number)
{
    const uint32_t multiplier = (draw(4U) == 0U) ? (1U + draw(4U)) : 1U;
    const uint32_t in_channels = (multiplier > 1U) ? (1U + draw(20U))
                                                   : ((draw(2U) == 0U) ? (8U * (1U + draw(8U))) : (1U + draw(70U)));
    const uint32_t out_channels = in_channels * multiplier;
    drsn_geometry g = draw_geometry(in_channels, out_channels);
    const uint32_t taps = (uint32_t)g.kernel_height * g.kernel_width;
    const uint32_t packed_bytes = (((taps * out_channels) + 16U + 3U) / 4U) * 4U;
    const uint32_t in_count = (uint32_t)g.in_height * g.in_width * in_channels;
    const uint32_t out_count = (uint32_t)g.out_height * g.out_width * out_channels;
    int8_t *const weights = &((int8_t *)packed_area)[sizeof(packed_area) - packed_bytes];
    int32_t *const bias = &bias_area[CHANNELS - out_channels];
    drsn_scale *const scales = &scale_area[CHANNELS - out_channels];
    int32_t distance;
    int8_t *input;
    int8_t *output;
    drsn_depthwise p;
    uint32_t wrong;

    p.geometry = g;
    p.weights = weights;
    p.bias = bias;
    p.scales = scales;
    p.input_zero = draw_int8();
    p.output_zero = (draw(2U) == 0U) ? (int8_t)-128 : draw_int8();
    p.depth_multiplier = (uint8_t)multiplier;
    draw_clamp(&p.low, &p.high);
    draw_map(in_count, p.input_zero);
    draw_weights(taps * out_channels);
    p.any_scale = draw_scales(scales, out_channels, taps);
    (void)memset(packed_area, 0, sizeof(packed_area));
    (void)memcpy(weights, raw_weights, taps * out_channels);
    for (uint32_t c = 0U; c < out_channels; c++) {
        bias[c] = (int32_t)draw(20001U) - 10000;
    }
    for (uint32_t pixel = 0U; pixel < (uint32_t)g.out_height * g.out_width; pixel++) {
        for (uint32_t c = 0U; c < out_channels; c++) {
            int32_t sum = bias[c];
            for (uint32_t k = 0U; k < taps; k++) {
                sum += reference_tap(&g, p.input_zero, pixel / g.out_width, pixel % g.out_width, k / g.kernel_width,
                                     k % g.kernel_width, c / multiplier) *
                       raw_weights[(k * out_channels) + c];
            }
            expected[(pixel * out_channels) + c] = reference_output(sum, scales[c], p.output_zero, p.low, p.high);
        }
    }

    input = &arena[MAP - in_count];
    output = &arena[(2U * MAP) - out_count];
    (void)memset(arena, 0x2a, sizeof(arena));
    (void)memcpy(input, input_map, in_count);
    drsn_depthwise_s8(&p, input, output);
    wrong = compare("depthwise", number, &g, output, out_count);
    if (output[-1] != 0x2a) {
        show("depthwise: wrote in front of its output, geometry ", number);
        board_write("\n");
        wrong++;
    }

    if (multiplier == 1U) {
        distance = tightest_distance(&g, 1U, 0U);
        distance = ((distance < 0) ? distance : 0) - (int32_t)draw(in_channels + 1U);
    } else {
        distance = tightest_distance(&g, 1U, 1U);
    }
    output = input + distance;
    if (distance >= -(int32_t)(MAP - in_count)) {
        (void)memcpy(input, input_map, in_count);
        drsn_depthwise_s8(&p, input, output);
        wrong += compare("depthwise over its input", number, &g, output, out_count);
    }
    return wrong;
}

int main(void)
{
    uint32_t wrong = 0U;
    for (uint32_t number = 0U; number < (uint32_t)DRSN_CASES; number++) {
        wrong += check_conv(number);
        wrong += check_depthwise(number);
    }
    board_write_number(wrong);
    show(" mismatches in ", 2 * DRSN_CASES);
    board_write(" geometries\n");
    return (wrong == 0U) ? 0 : 1;
}
