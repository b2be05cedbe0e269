/* The squared envelope of a band of a window, for its spectrum. */
#ifndef DRSN_ENVELOPE_H
#define DRSN_ENVELOPE_H

#include "drsn_spectrum.h"

/* Fourier bins of the window, 0 < first <= last < n_samples / 2. */
typedef struct {
    uint16_t first, last;
} drsn_band;

/* Scratch memory in elements of drsn_bin: the bins of the spectrum and, where the window fills its transform
 * (padded 0), half of the squares behind them. */
#define DRSN_SPECTRUM_SCRATCH(n_points) ((n_points) + 1)
#define DRSN_ENVELOPE_SCRATCH(n_points, padded) (DRSN_SPECTRUM_SCRATCH(n_points) + ((padded) ? 0 : ((n_points) / 2)))

/* `samples` is a circle of n_samples that begins at `first`. Out: the squares in order, as drsn_spectrum_prepare takes
 * them. Returns 0 if there is nothing in the band. */
uint32_t drsn_envelope(const drsn_spectrum *p, drsn_band band, const int16_t *samples, uint32_t first, drsn_bin *bins);

#endif
