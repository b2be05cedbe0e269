/* Points of the unit circle, from the quarter of a cosine that a transform has. */
#ifndef DRSN_FFT_ANGLE_H
#define DRSN_FFT_ANGLE_H

#include "drsn_fft.h"

typedef struct {
    int32_t re, im;
} drsn_complex_q31;

typedef struct {
    int32_t cosine, sine;
} drsn_angle;

/* cos and sin of 2 pi k / length, k <= 3 / 4 length. */
static inline drsn_angle drsn_fft_angle(const drsn_fft *p, uint32_t k)
{
    uint32_t quarter = (uint32_t)p->length >> 2;
    drsn_angle w;

    if (k <= quarter) {
        w.cosine = p->cosine[k];
        w.sine = p->cosine[quarter - k];
    } else if (k <= (2U * quarter)) {
        w.cosine = -p->cosine[(2U * quarter) - k];
        w.sine = p->cosine[k - quarter];
    } else {
        w.cosine = -p->cosine[k - (2U * quarter)];
        w.sine = -p->cosine[(3U * quarter) - k];
    }
    return w;
}

/* Half of (re + i im) * exp(-i w), rounded down: a product and a product with addition each. */
static inline drsn_complex_q31 drsn_rotated(int32_t re, int32_t im, drsn_angle w)
{
    drsn_complex_q31 y;
    int32_t minus_re = -re;

    y.re = (int32_t)((((int64_t)re * w.cosine) + ((int64_t)im * w.sine)) >> 32);
    y.im = (int32_t)((((int64_t)im * w.cosine) + ((int64_t)minus_re * w.sine)) >> 32);
    return y;
}

#endif
