/* Numbers with a decimal point, from integers, as Python rounds and prints them. */
#ifndef PRINT_H
#define PRINT_H

#include <stdint.h>

#include "board.h"

/* value / 10^digits */
static inline void print_fixed(int64_t value, uint32_t digits)
{
    const uint64_t all = (value < 0) ? (0u - (uint64_t)value) : (uint64_t)value;
    uint64_t scale = 1u;
    for (uint32_t i = 0u; i < digits; i++) {
        scale *= 10u;
    }
    if (value < 0) {
        board_write("-");
    }
    board_write_number((int64_t)(all / scale));
    board_write(".");
    for (uint64_t rest = all % scale; scale > 1u; rest %= scale) {
        scale /= 10u;
        board_write_number((int64_t)(rest / scale));
    }
}

/* 1 if `half` halves of a decimal step, an odd number, round up: Python looks at the nearest double, which lies above
 * or below where it cannot be the number itself. `fives` is 5^n, 10^n steps to the unit. */
static inline uint64_t print_half_up(uint64_t half, uint64_t fives)
{
    uint64_t scaled = half;
    while (scaled < (fives << 52)) {
        scaled <<= 1;
    }
    const uint64_t rest = scaled % fives;
    return (rest == 0u) ? ((half >> 1) & 1u) : (uint64_t)(rest > (fives / 2u));
}

/* numerator / denominator in steps of 10^-4, rounded as round(x, 4). Up to 2^47 steps. */
static inline uint64_t print_ten_thousandths(uint64_t numerator, uint64_t denominator)
{
    const uint64_t steps = (numerator * 10000u) / denominator;
    const uint64_t rest = (numerator * 10000u) % denominator;
    if ((2u * rest) == denominator) {
        return steps + print_half_up((2u * steps) + 1u, 625u);
    }
    return steps + (uint64_t)((2u * rest) > denominator);
}

/* Two decimals of a number of four, as "%.2f". */
static inline void print_hundredths(uint64_t ten_thousandths)
{
    const uint64_t steps = ten_thousandths / 100u;
    const uint64_t rest = ten_thousandths % 100u;
    const uint64_t up = (rest == 50u) ? print_half_up((2u * steps) + 1u, 25u) : (uint64_t)(rest > 50u);
    print_fixed((int64_t)(steps + up), 2u);
}

/* A line for programs that read along. */
static inline void print_count(const char *what, uint64_t count)
{
    board_write("# ");
    board_write(what);
    board_write(" ");
    board_write_number((int64_t)count);
    board_write("\n");
}

#endif
