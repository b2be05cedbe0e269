/* What kernels_map_check.c draws, keeps its maps in and compares by. For that one file. */
#ifndef KERNELS_MAP_CHECK_H
#define KERNELS_MAP_CHECK_H

#include <stdint.h>
#include <string.h>

#include "board.h"
#include "drsn_kernels.h"

enum { MAP = 70 * 130, CHANNELS = 70 };

static int8_t a_map[MAP];
static int8_t b_map[MAP];
static int8_t lower_row[CHANNELS];
static int8_t upper_row[CHANNELS];
static int8_t table[256];
static int8_t expected[MAP];
/* What a kernel reads and writes lies against the end of these, so that a sanitiser sees one byte too many. */
static int8_t a_area[MAP];
static int8_t b_area[MAP];
static int8_t output_area[MAP];
static int32_t factors[CHANNELS];
static int32_t offsets[CHANNELS];
static uint32_t state = 20240612U;
static uint32_t mismatches;

static uint32_t draw(uint32_t below)
{
    state = (state * 1664525U) + 1013904223U;
    return (uint32_t)(((uint64_t)(state >> 4) * below) >> 28);
}

static int32_t draw_between(int32_t low, int32_t high)
{
    return low + (int32_t)draw((uint32_t)(high - low) + 1U);
}

static int8_t draw_int8(void)
{
    static const int8_t corners[4] = {-128, 127, 0, -1};
    return (draw(8U) == 0U) ? corners[draw(4U)] : (int8_t)draw_between(-128, 127);
}

static void fill(int8_t *values, uint32_t count)
{
    const uint32_t kind = draw(8U);
    for (uint32_t i = 0U; i < count; i++) {
        values[i] = (kind == 0U) ? 127 : ((kind == 1U) ? -128 : draw_int8());
    }
}

static int64_t bounded(int64_t value, int64_t low, int64_t high)
{
    return (value < low) ? low : ((value > high) ? high : value);
}

/* floor(value / 2^shift), by division. */
static int64_t floor_shift(int64_t value, uint32_t shift)
{
    const int64_t divisor = (int64_t)1 << shift;
    return (value >= 0) ? (value / divisor) : -((-value + divisor - 1) / divisor);
}

/* gemmlowp's two roundings, by division. */
static int64_t rescaled(int64_t value, drsn_scale scale)
{
    const int64_t left = (scale.right_shift < 0) ? ((int64_t)1 << -scale.right_shift) : 1;
    const int64_t right = (scale.right_shift > 0) ? ((int64_t)1 << scale.right_shift) : 1;
    const int64_t product = value * left * scale.multiplier;
    const int64_t nudge = (product >= 0) ? ((int64_t)1 << 30) : (1 - ((int64_t)1 << 30));
    const int64_t high = (product + nudge) / ((int64_t)1 << 31);
    const int64_t rounded = (((high < 0) ? -high : high) + (right / 2)) / right;
    return (high < 0) ? -rounded : rounded;
}

static void compare(const char *kernel, const int8_t *output, uint32_t count)
{
    for (uint32_t i = 0U; i < count; i++) {
        if (output[i] != expected[i]) {
            if (mismatches < 10U) {
                board_write(kernel);
                board_write(" at ");
                board_write_number((int64_t)i);
                board_write(" of ");
                board_write_number((int64_t)count);
                board_write(": expected ");
                board_write_number(expected[i]);
                board_write(", got ");
                board_write_number(output[i]);
                board_write("\n");
            }
            mismatches++;
            break;
        }
    }
}

/* A copy of values against the end of an area. */
static int8_t *placed(int8_t area[MAP], const int8_t *values, uint32_t count)
{
    int8_t *const at = &area[MAP - count];
    (void)memcpy(at, values, count);
    return at;
}

/* Factors such that int32 holds the sum of two; at times the fast shift, at times one that is far from it. */
static drsn_add draw_add(uint8_t difference)
{
    drsn_add p;
    const uint32_t kind = draw(4U);
    p.shift = (uint8_t)((kind == 0U) ? 22 : ((kind == 1U) ? draw_between(8, 30) : draw_between(18, 22)));
    const int32_t unit = (int32_t)((uint32_t)1 << p.shift);
    const int32_t most = (unit > (0x7fffffff / 384)) ? (0x7fffffff / 384) : unit;
    p.a_factor = draw_between(0, most) * ((draw(2U) == 0U) ? 1 : -1);
    p.b_factor = (difference != 0U) ? -p.a_factor : draw_between(0, most) * ((draw(2U) == 0U) ? 1 : -1);
    p.offset = draw_between(-most * 64, most * 64) + (most / 2);
    p.low = -128;
    p.high = 127;
    if (draw(3U) == 0U) {
        p.low = (int8_t)draw_between(-128, 20);
        p.high = (int8_t)draw_between(p.low, 127);
    }
    return p;
}

static int64_t sum_of(const drsn_add *p, int64_t a, int64_t b)
{
    return bounded(floor_shift((p->a_factor * a) + (p->b_factor * b) + p->offset, p->shift), p->low, p->high);
}

static drsn_scale draw_scale(int32_t least_shift, int32_t most_shift)
{
    const drsn_scale scale = {draw_between(0x40000000, 0x7fffffff), draw_between(least_shift, most_shift)};
    return scale;
}

/* 0: apart, 1: over a, 2: over b (where b is a map). */
static int8_t *place_output(uint32_t over, int8_t *a, int8_t *b, uint32_t count)
{
    return (over == 1U) ? a : ((over == 2U) ? b : &output_area[MAP - count]);
}

#endif
