/* Spectrum of real samples or complex ones: block floating point, 32 bits, in place, lengths that are powers of two. */
#ifndef DRSN_FFT_H
#define DRSN_FFT_H

#include <stdint.h>

#define DRSN_FFT_LONGEST 4096

/* A complex number, or the power of a bin: power[1] * 2^32 + power[0]. */
typedef union {
    int32_t part[2];
    uint32_t power[2];
} drsn_bin;

typedef struct {
    /* cos(2 pi k / length) in Q31 for k = 0 ... length / 4. */
    const int32_t *cosine;
    uint16_t length; /* 16 ... DRSN_FFT_LONGEST */
} drsn_fft;

/* The place of complex sample n + 1, given that of n: n = 0 lies at 0. points = length / 2. */
static inline uint32_t drsn_fft_next_place(uint32_t place, uint32_t points)
{
    uint32_t bit = points >> 1;
    while ((place & bit) != 0U) {
        place ^= bit;
        bit >>= 1;
    }
    return place | bit;
}

/* bins: length / 2 + 1 of them. In: samples 2n and 2n + 1 as the parts of the complex sample n, each at its place,
 * |part| <= 2^29. Out: bins[k].power, k = 0 ... length / 2. Returns e: the powers are those of the spectrum times
 * 2^(-2 e). */
uint32_t drsn_fft_power(const drsn_fft *p, drsn_bin *bins);

/* The same, but out: bins[k].part, k = 0 ... length / 2, the spectrum times 2^-e. Returns e. */
uint32_t drsn_fft_real(const drsn_fft *p, drsn_bin *bins);

/* length / 2 complex numbers, each at its place, |part| <= 2^29, and |part| < 2^31 out: their spectrum (of as many
 * bins) times 2^-e. Returns e. */
int32_t drsn_fft_complex(const drsn_fft *p, drsn_bin *bins);

#endif
