/* Fixed-point reals to the int8 of a model's input. */
#ifndef DRSN_QUANTIZE_H
#define DRSN_QUANTIZE_H

#include <stdint.h>

/* steps = value * multiplier / 2^shift, 0 < multiplier < 2^31, 1 <= shift <= 62. */
typedef struct {
    int32_t multiplier;
    uint8_t shift;
    int8_t zero;
} drsn_quantizer;

/* Halves away from zero, clipped. */
static inline int8_t drsn_quantized(const drsn_quantizer *p, int32_t value)
{
    uint32_t magnitude = (value < 0) ? (0U - (uint32_t)value) : (uint32_t)value;
    uint64_t product = (uint64_t)magnitude * (uint32_t)p->multiplier;
    uint64_t steps = (product + ((uint64_t)1 << (p->shift - 1U))) >> p->shift;
    int32_t limited = (steps > 255U) ? 255 : (int32_t)steps;
    int32_t level = (int32_t)p->zero + ((value < 0) ? -limited : limited);

    if (level > 127) {
        level = 127;
    } else if (level < -128) {
        level = -128;
    } else {
        /* In range. */
    }
    return (int8_t)level;
}

#endif
