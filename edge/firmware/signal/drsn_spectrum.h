/* The logarithmic spectrum of a window, in nepers above its root mean square, as the int8 of a model's input.
 *
 * What drsn_keras.frontend.window computes in floating point, in integers. A window's scale cancels, so no exponent
 * leaves this file.
 */
#ifndef DRSN_SPECTRUM_H
#define DRSN_SPECTRUM_H

#include <stdint.h>

#include "drsn_bits.h"
#include "drsn_fft.h"
#include "drsn_log.h"
#include "drsn_quantize.h"

/* Values that are prepared are below 2^29. */
#define DRSN_SPECTRUM_BITS 29U

typedef struct {
    /* Of twice as many samples as the spectrum has points; what the window has fewer are zeros. */
    drsn_fft fft;
    /* n_samples = 2^sample_bits: fft.length or half of it. */
    uint8_t sample_bits;
    /* Power below this share of the mean is all the same. */
    drsn_real floor;
    const drsn_log_step *log_steps;
    /* Takes twice the neper in Q24. */
    drsn_quantizer quantizer;
} drsn_spectrum;

/* A window of samples in order, as the next function takes it: `samples` is a circle of n_samples that begins at `first`. */
void drsn_spectrum_take(const drsn_spectrum *p, const int16_t *samples, uint32_t first, drsn_bin *bins);

/* From a window in order (value 2n and 2n + 1 as the parts of bins[n], -2^29 <= value < 2^29) to what drsn_fft_power and
 * drsn_fft_real take: without its mean, scaled up, with a Hann window or without one, laid out. Returns 0 if all values
 * are equal. */
uint32_t drsn_spectrum_prepare(const drsn_spectrum *p, drsn_bin *bins, uint32_t hann);

/* From a prepared window to its spectrum: fft.length / 2 points, `step` bytes apart. The bins are used up. */
void drsn_spectrum_features(const drsn_spectrum *p, drsn_bin *bins, uint32_t step, int8_t *out);

/* Puts every number where the transform wants it. */
void drsn_spectrum_lay_out(drsn_bin *bins, uint32_t points);

#endif
