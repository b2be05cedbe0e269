/* Every kernel but the convolutions against straight loops written from the definitions in drsn_kernels.h: seeded
 * random shapes, parameters and values, corners among them, output apart and laid over an input.
 * Built with -DDRSN_CASES=n for n rounds. Prints the first mismatches; exit status 0 when none. */
#include <stdint.h>
#include <string.h>

#include "board.h"
#include "drsn_kernels.h"
#include "kernels_map_check.h"

#ifndef DRSN_CASES
#define DRSN_CASES 200
#endif

static void check_affine(uint32_t positions, uint32_t channels)
{
    const uint32_t count = positions * channels;
    const drsn_add range = draw_add(0U);
    const int32_t *const factor = &factors[CHANNELS - channels];
    const int32_t *const offset = &offsets[CHANNELS - channels];
    const drsn_affine p = {factor, offset, range.shift, range.low, range.high};
    for (uint32_t c = CHANNELS - channels; c < CHANNELS; c++) {
        const int32_t size = (range.a_factor < 0) ? -range.a_factor : range.a_factor;
        factors[c] = draw_between(-size, size);
        offsets[c] = (range.offset / 2) + draw_between(-size, size);
    }
    for (uint32_t i = 0U; i < count; i++) {
        const uint32_t c = i % channels;
        expected[i] = (int8_t)bounded(floor_shift(((int64_t)factor[c] * a_map[i]) + offset[c], p.shift), p.low, p.high);
    }
    int8_t *const a = placed(a_area, a_map, count);
    int8_t *const output = place_output(draw(2U), a, a, count);
    drsn_affine_s8(&p, a, output, positions, channels);
    compare("affine", output, count);
}

static void check_add(uint32_t positions, uint32_t channels)
{
    const uint32_t count = positions * channels;
    const drsn_add p = draw_add(0U);
    const uint32_t b_step = draw(2U);
    int8_t *a = placed(a_area, a_map, count);
    int8_t *b = placed(b_area, b_map, count);
    int8_t *output = place_output(draw(3U), a, b, count);
    for (uint32_t i = 0U; i < count; i++) {
        expected[i] = (int8_t)sum_of(&p, a_map[i], b_map[i]);
    }
    drsn_add_s8(&p, a, b, output, count);
    compare("add", output, count);
    a = placed(a_area, a_map, count);
    b = placed(b_area, b_map, (b_step != 0U) ? channels : 1U);
    output = place_output(draw(2U), a, b, count);
    for (uint32_t i = 0U; i < count; i++) {
        expected[i] = (int8_t)sum_of(&p, a_map[i], b_map[(i % channels) * b_step]);
    }
    drsn_add_channels_s8(&p, a, b, b_step, output, positions, channels);
    compare("add_channels", output, count);
}

static void check_add_exact(uint32_t positions, uint32_t channels)
{
    const uint32_t count = positions * channels;
    const uint32_t b_step = draw(2U);
    drsn_add_exact p;
    /* Inputs are scaled by one half at the most; the sum below 2^28 times up to 2^-17. */
    p.a_scale = draw_scale(1, 8);
    p.b_scale = draw_scale(1, 8);
    p.output_scale = draw_scale(14, 22);
    p.a_zero = draw_int8();
    p.b_zero = draw_int8();
    p.output_zero = draw_int8();
    p.low = (int8_t)draw_between(-128, -64);
    p.high = (int8_t)draw_between(64, 127);
    p.a_negative = (uint8_t)draw(2U);
    p.b_negative = (uint8_t)draw(2U);
    for (uint32_t i = 0U; i < count; i++) {
        const int64_t a = rescaled((int64_t)(a_map[i] - p.a_zero) * 1048576, p.a_scale);
        const int64_t b = rescaled((int64_t)(b_map[(i % channels) * b_step] - p.b_zero) * 1048576, p.b_scale);
        const int64_t sum = ((p.a_negative != 0U) ? -a : a) + ((p.b_negative != 0U) ? -b : b);
        expected[i] = (int8_t)bounded(rescaled(sum, p.output_scale) + p.output_zero, p.low, p.high);
    }
    int8_t *const a = placed(a_area, a_map, count);
    int8_t *const b = placed(b_area, b_map, (b_step != 0U) ? channels : 1U);
    int8_t *const output = place_output(draw(2U), a, b, count);
    drsn_add_exact_s8(&p, a, b, b_step, output, positions, channels);
    compare("add_exact", output, count);
}

static void check_multiply(uint32_t positions, uint32_t channels)
{
    const uint32_t count = positions * channels;
    const uint32_t b_step = draw(2U);
    drsn_multiply p;
    p.scale = draw_scale(-3, 16);
    p.a_zero = draw_int8();
    p.b_zero = draw_int8();
    p.output_zero = draw_int8();
    p.low = (int8_t)draw_between(-128, -64);
    p.high = (int8_t)draw_between(64, 127);
    for (uint32_t i = 0U; i < count; i++) {
        const int64_t product = (int64_t)(a_map[i] - p.a_zero) * (b_map[(i % channels) * b_step] - p.b_zero);
        expected[i] = (int8_t)bounded(rescaled(product, p.scale) + p.output_zero, p.low, p.high);
    }
    int8_t *const a = placed(a_area, a_map, count);
    int8_t *const b = placed(b_area, b_map, (b_step != 0U) ? channels : 1U);
    int8_t *const output = place_output(draw(2U), a, b, count);
    drsn_multiply_s8(&p, a, b, b_step, output, positions, channels);
    compare("multiply", output, count);
}

static void check_extremum(uint32_t positions, uint32_t channels)
{
    const uint32_t count = positions * channels;
    const uint32_t b_step = draw(2U);
    const uint32_t larger = draw(2U);
    for (uint32_t i = 0U; i < count; i++) {
        const int8_t b = b_map[(i % channels) * b_step];
        expected[i] = ((a_map[i] > b) == (larger != 0U)) ? a_map[i] : b;
    }
    int8_t *const a = placed(a_area, a_map, count);
    int8_t *const b = placed(b_area, b_map, (b_step != 0U) ? channels : 1U);
    int8_t *const output = place_output(((b_step != 0U) && (positions == 1U)) ? draw(3U) : draw(2U), a, b, count);
    if (larger != 0U) {
        drsn_maximum_s8(a, b, b_step, output, positions, channels);
    } else {
        drsn_minimum_s8(a, b, b_step, output, positions, channels);
    }
    compare((larger != 0U) ? "maximum" : "minimum", output, count);
}

static void check_table(uint32_t count)
{
    for (uint32_t i = 0U; i < count; i++) {
        expected[i] = table[(a_map[i] + 256) % 256];
    }
    int8_t *const a = placed(a_area, a_map, count);
    int8_t *const output = place_output(draw(2U), a, a, count);
    drsn_table_s8(table, a, output, count);
    compare("table", output, count);
}

static void check_means(uint32_t positions, uint32_t channels)
{
    const uint32_t count = positions * channels;
    const drsn_mean p = {draw_scale(-2, 12), draw_int8(), draw_int8()};
    int8_t *const output = &output_area[MAP - channels];
    int8_t *const a = placed(a_area, a_map, count);
    for (uint32_t looked_up = 0U; looked_up < 2U; looked_up++) {
        for (uint32_t c = 0U; c < channels; c++) {
            int64_t sum = 0;
            for (uint32_t position = 0U; position < positions; position++) {
                const int32_t x = a_map[(position * channels) + c];
                sum += ((looked_up != 0U) ? table[(x + 256) % 256] : x) - p.input_zero;
            }
            expected[c] = (int8_t)bounded(rescaled(sum, p.scale) + p.output_zero, -128, 127);
        }
        if (looked_up != 0U) {
            drsn_shrink_mean_s8(&p, table, a, output, positions, channels);
        } else {
            drsn_mean_s8(&p, a, output, positions, channels);
        }
        compare((looked_up != 0U) ? "shrink_mean" : "mean", output, channels);
    }
}

static void check_shrink_apply(uint32_t positions, uint32_t channels)
{
    const uint32_t count = positions * channels;
    const uint32_t tau_step = draw(2U);
    const uint32_t with_residual = draw(2U);
    const drsn_shrink p = {draw_add((uint8_t)(draw(4U) != 0U)), draw_add(0U)};
    const uint32_t thresholds = (tau_step != 0U) ? channels : 1U;
    const int8_t *const lower = &lower_row[CHANNELS - thresholds];
    const int8_t *const upper = &upper_row[CHANNELS - thresholds];
    fill(lower_row, CHANNELS);
    fill(upper_row, CHANNELS);
    for (uint32_t i = 0U; i < count; i++) {
        const uint32_t c = (i % channels) * tau_step;
        const int8_t raised = (a_map[i] > lower[c]) ? a_map[i] : lower[c];
        const int64_t shrunk = sum_of(&p.subtract, a_map[i], (raised < upper[c]) ? raised : upper[c]);
        expected[i] = (int8_t)((with_residual != 0U) ? sum_of(&p.add, shrunk, b_map[i]) : shrunk);
    }
    int8_t *const a = placed(a_area, a_map, count);
    int8_t *const b = placed(b_area, b_map, count);
    const int8_t *const residual = (with_residual != 0U) ? b : NULL;
    int8_t *const output = place_output(draw((with_residual != 0U) ? 3U : 2U), a, b, count);
    drsn_shrink_apply_s8(&p, a, lower, upper, tau_step, residual, output, positions, channels);
    compare("shrink_apply", output, count);
}

/* Of one output value: the sum, the number and the largest of the taps on the map. */
static int8_t pooled(const drsn_pool *p, uint32_t oy, uint32_t ox, uint32_t c, uint32_t average)
{
    const drsn_geometry *const g = &p->geometry;
    int64_t sum = 0;
    int64_t taps = 0;
    int64_t largest = -128;
    for (int32_t ky = 0; ky < g->kernel_height; ky++) {
        for (int32_t kx = 0; kx < g->kernel_width; kx++) {
            const int32_t y = (int32_t)(oy * g->stride_height) + ky - g->pad_top;
            const int32_t x = (int32_t)(ox * g->stride_width) + kx - g->pad_left;
            if ((y >= 0) && (y < g->in_height) && (x >= 0) && (x < g->in_width)) {
                const int64_t value = a_map[((uint32_t)((y * g->in_width) + x) * g->in_channels) + c];
                sum += value;
                taps++;
                largest = (value > largest) ? value : largest;
            }
        }
    }
    const int64_t size = (sum < 0) ? -sum : sum;
    const int64_t rounded = ((2 * size) + taps) / (2 * taps);
    const int64_t mean = (sum < 0) ? -rounded : rounded;
    return (int8_t)bounded((average != 0U) ? mean : largest, p->low, p->high);
}

static void check_pool(void)
{
    drsn_pool p = {{0}, (int8_t)draw_between(-128, -100), (int8_t)draw_between(90, 127)};
    drsn_geometry *const g = &p.geometry;
    const uint32_t average = draw(2U);
    g->in_height = (uint16_t)draw_between(1, 12);
    g->in_width = (uint16_t)draw_between(1, 12);
    g->in_channels = (uint16_t)draw_between(1, 40);
    g->out_channels = g->in_channels;
    g->kernel_height = (uint16_t)draw_between(1, 4);
    g->kernel_width = (uint16_t)draw_between(1, 4);
    g->stride_height = (uint16_t)draw_between(1, 3);
    g->stride_width = (uint16_t)draw_between(1, 3);
    /* As SAME places it: no kernel lies wholly in the padding. */
    g->out_height = (uint16_t)((g->in_height + g->stride_height - 1) / g->stride_height);
    g->out_width = (uint16_t)((g->in_width + g->stride_width - 1) / g->stride_width);
    const int32_t over_y = ((g->out_height - 1) * g->stride_height) + g->kernel_height - g->in_height;
    const int32_t over_x = ((g->out_width - 1) * g->stride_width) + g->kernel_width - g->in_width;
    g->pad_top = (uint16_t)((over_y > 0) ? (over_y / 2) : 0);
    g->pad_left = (uint16_t)((over_x > 0) ? (over_x / 2) : 0);
    const uint32_t in_count = (uint32_t)g->in_height * g->in_width * g->in_channels;
    const uint32_t count = (uint32_t)g->out_height * g->out_width * g->in_channels;
    fill(a_map, in_count);
    uint32_t i = 0U;
    for (uint32_t y = 0U; y < g->out_height; y++) {
        for (uint32_t x = 0U; x < g->out_width; x++) {
            for (uint32_t c = 0U; c < g->in_channels; c++) {
                expected[i] = pooled(&p, y, x, c, average);
                i++;
            }
        }
    }
    int8_t *const a = placed(a_area, a_map, in_count);
    int8_t *const output = &output_area[MAP - count];
    if (average != 0U) {
        drsn_average_pool_s8(&p, a, output);
    } else {
        drsn_max_pool_s8(&p, a, output);
    }
    compare((average != 0U) ? "average_pool" : "max_pool", output, count);
}

static void check_pad(void)
{
    drsn_pad p;
    p.height = (uint16_t)draw_between(1, 8);
    p.width = (uint16_t)draw_between(1, 8);
    p.channels = (uint16_t)draw_between(1, 12);
    for (uint32_t axis = 0U; axis < 3U; axis++) {
        p.before[axis] = (uint16_t)draw_between(0, 2);
        p.after[axis] = (uint16_t)draw_between(0, 2);
    }
    p.value = draw_int8();
    const uint32_t in_count = (uint32_t)p.height * p.width * p.channels;
    const uint32_t width = (uint32_t)p.before[1] + p.width + p.after[1];
    const uint32_t channels = (uint32_t)p.before[2] + p.channels + p.after[2];
    const uint32_t count = ((uint32_t)p.before[0] + p.height + p.after[0]) * width * channels;
    fill(a_map, in_count);
    for (uint32_t i = 0U; i < count; i++) {
        const int32_t c = (int32_t)(i % channels) - p.before[2];
        const int32_t x = (int32_t)((i / channels) % width) - p.before[1];
        const int32_t y = (int32_t)(i / (channels * width)) - p.before[0];
        expected[i] = p.value;
        if ((c >= 0) && (c < p.channels) && (x >= 0) && (x < p.width) && (y >= 0) && (y < p.height)) {
            expected[i] = a_map[(uint32_t)((((y * p.width) + x) * p.channels) + c)];
        }
    }
    const int8_t *const a = placed(a_area, a_map, in_count);
    int8_t *const output = &output_area[MAP - count];
    drsn_pad_s8(&p, a, output);
    compare("pad", output, count);
}

static uint32_t reflected(uint32_t at, uint32_t before, uint32_t side, uint32_t edge)
{
    /* A walk from the map's first position, which turns round at the ends; with edge it stands there twice. */
    int32_t from = 0;
    int32_t step = 1;
    const uint32_t steps = (at < before) ? (before - at) : (at - before);
    int32_t repeat = (at < before) ? (int32_t)edge : 0;
    for (uint32_t i = 0U; i < steps; i++) {
        if (repeat != 0) {
            repeat = 0;
        } else if ((from + step) >= (int32_t)side) {
            step = -1;
            from = (edge != 0U) ? from : (from + step);
        } else {
            from += step;
        }
    }
    return (uint32_t)from;
}

static void check_mirror_pad(void)
{
    drsn_mirror_pad p;
    p.edge = (uint8_t)draw(2U);
    p.height = (uint16_t)draw_between(1, 8);
    p.width = (uint16_t)draw_between(1, 8);
    p.channels = (uint16_t)draw_between(1, 12);
    const uint16_t sides[2] = {p.height, p.width};
    for (uint32_t axis = 0U; axis < 2U; axis++) {
        p.before[axis] = (uint16_t)draw_between(0, (int32_t)sides[axis] - 1 + p.edge);
        p.after[axis] = (uint16_t)draw_between(0, (int32_t)sides[axis] - 1 + p.edge);
    }
    const uint32_t in_count = (uint32_t)p.height * p.width * p.channels;
    const uint32_t width = (uint32_t)p.before[1] + p.width + p.after[1];
    const uint32_t count = ((uint32_t)p.before[0] + p.height + p.after[0]) * width * p.channels;
    fill(a_map, in_count);
    for (uint32_t i = 0U; i < count; i++) {
        const uint32_t x = reflected((i / p.channels) % width, p.before[1], p.width, p.edge);
        const uint32_t y = reflected(i / (p.channels * width), p.before[0], p.height, p.edge);
        expected[i] = a_map[(((y * p.width) + x) * p.channels) + (i % p.channels)];
    }
    const int8_t *const a = placed(a_area, a_map, in_count);
    int8_t *const output = &output_area[MAP - count];
    drsn_mirror_pad_s8(&p, a, output);
    compare("mirror_pad", output, count);
}

/* Softmax is held against TFLite-Micro in test_firmware_maps.py; here: in place, and row by row. */
static void check_softmax(void)
{
    const uint32_t columns = 1U + draw(40U);
    const uint32_t rows = 1U + draw(5U);
    const int32_t left = draw_between(16, 26);
    const drsn_softmax p = {draw_between(0x40000000, 0x7fffffff), left, -(int32_t)((31LL << 26) >> left)};
    fill(a_map, rows * columns);
    for (uint32_t row = 0U; row < rows; row++) {
        drsn_softmax_s8(&p, &a_map[row * columns], &expected[row * columns], 1U, columns);
    }
    int8_t *const a = placed(a_area, a_map, rows * columns);
    drsn_softmax_s8(&p, a, a, rows, columns);
    compare("softmax", a, rows * columns);
    for (uint32_t row = 0U; row < rows; row++) {
        int32_t sum = 0;
        for (uint32_t column = 0U; column < columns; column++) {
            sum += expected[(row * columns) + column] + 128;
        }
        if ((columns > 1U) && ((sum < (256 - (int32_t)columns)) || (sum > (256 + (int32_t)columns)))) {
            board_write("softmax: a row does not sum to 1\n");
            mismatches++;
        }
    }
}

int main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    for (uint32_t round = 0U; round < (uint32_t)DRSN_CASES; round++) {
        /* Small, whole and odd shapes; now and then the largest. */
        const uint32_t channels = (draw(3U) == 0U) ? (4U * (1U + draw(17U))) : (1U + draw(CHANNELS));
        const uint32_t positions = (draw(4U) == 0U) ? (1U + draw(130U)) : (1U + draw(6U));
        fill(a_map, positions * channels);
        fill(b_map, positions * channels);
        fill(table, 256U);
        check_affine(positions, channels);
        check_add(positions, channels);
        check_add_exact(positions, channels);
        check_multiply(positions, channels);
        check_extremum(positions, channels);
        check_table(positions * channels);
        check_means(positions, channels);
        check_shrink_apply(positions, channels);
        check_pool();
        check_pad();
        check_mirror_pad();
        check_softmax();
    }
    board_write_number((int64_t)mismatches);
    board_write(" mismatches\n");
    return (mismatches == 0U) ? 0 : 1;
}
