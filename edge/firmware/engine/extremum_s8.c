/* Larger and smaller of two maps, or of a map and a vector or scalar. */
#include "packed_s8.h"

/* `larger` is a constant to the compiler in all that follows: one loop for each value. */
#ifndef DRSN_MVE
static inline int8_t pick(int8_t a, int8_t b, uint8_t larger)
{
    return ((a > b) == (larger != 0U)) ? a : b;
}
#endif

#if defined(DRSN_MVE)

static inline void extremum_row(const int8_t *a, const int8_t *b, uint32_t b_step, int8_t *output, uint32_t count,
                                uint8_t larger)
{
    for (uint32_t i = 0U; i < count; i += 16U) {
        const mve_pred16_t inside = vctp8q(count - i);
        const int8x16_t of_a = vldrbq_z_s8(&a[i], inside);
        const int8x16_t of_b = (b_step != 0U) ? vldrbq_z_s8(&b[i], inside) : vdupq_n_s8(*b);
        vstrbq_p_s8(&output[i], (larger != 0U) ? vmaxq_s8(of_a, of_b) : vminq_s8(of_a, of_b), inside);
    }
}

#elif defined(DRSN_DSP)

static inline void extremum_row(const int8_t *a, const int8_t *b, uint32_t b_step, int8_t *output, uint32_t count,
                                uint8_t larger)
{
    const uint32_t all_b = drsn_splat4(*b);
    uint32_t i = 0U;
    for (; (i + 4U) <= count; i += 4U) {
        const uint32_t of_b = (b_step != 0U) ? drsn_load4(&b[i]) : all_b;
        const uint32_t of_a = drsn_load4(&a[i]);
        drsn_store4(&output[i], (larger != 0U) ? drsn_max4(of_a, of_b) : drsn_min4(of_a, of_b));
    }
    for (; i < count; i++) {
        output[i] = pick(a[i], b[i * b_step], larger);
    }
}

#else

static inline void extremum_row(const int8_t *a, const int8_t *b, uint32_t b_step, int8_t *output, uint32_t count,
                                uint8_t larger)
{
    for (uint32_t i = 0U; i < count; i++) {
        output[i] = pick(a[i], b[i * b_step], larger);
    }
}

#endif

static inline void extremum(const int8_t *a, const int8_t *b, uint32_t b_step, int8_t *output, uint32_t positions,
                            uint32_t channels, uint8_t larger)
{
    if (b_step == 0U) {
        /* b is copied: the output may lie on it. */
        const int8_t only = *b;
        extremum_row(a, &only, 0U, output, positions * channels, larger);
    } else {
        for (uint32_t position = 0U; position < positions; position++) {
            extremum_row(&a[position * channels], b, 1U, &output[position * channels], channels, larger);
        }
    }
}

void drsn_maximum_s8(const int8_t *a, const int8_t *b, uint32_t b_step, int8_t *output, uint32_t positions,
                     uint32_t channels)
{
    extremum(a, b, b_step, output, positions, channels, 1U);
}

void drsn_minimum_s8(const int8_t *a, const int8_t *b, uint32_t b_step, int8_t *output, uint32_t positions,
                     uint32_t channels)
{
    extremum(a, b, b_step, output, positions, channels, 0U);
}
