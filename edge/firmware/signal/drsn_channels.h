/* Windows of a stream of 16-bit samples as up to three channels: the samples, their spectrum, their envelope's spectrum.
 *
 * Re-entrant: all state is the caller's.
 */
#ifndef DRSN_CHANNELS_H
#define DRSN_CHANNELS_H

#include "drsn_envelope.h"
#include "drsn_window.h"

#define DRSN_NO_CHANNEL 255U

typedef struct {
    drsn_window window;
    drsn_spectrum spectrum;
    drsn_band band;
    uint8_t n_channels;
    /* Which channel each is, or DRSN_NO_CHANNEL. */
    uint8_t signal, plain, envelope;
} drsn_channels;

/* As drsn_window_push (the state and drsn_window_start too). out: n_points * n_channels, a point's channels side by side,
 * where n_points is spectrum.fft.length / 2. scratch: see drsn_envelope.h; nothing is kept in it between calls. */
uint32_t drsn_channels_push(const drsn_channels *p, drsn_window_state *state, const int16_t **samples, uint32_t *count,
                            drsn_bin *scratch, int8_t *out);

/* One window: `samples` is a circle of n_samples that begins at `first`. */
void drsn_channels_frame(const drsn_channels *p, const int16_t *samples, uint32_t first, drsn_bin *scratch, int8_t *out);

/* Copies channels to where the model wants them; the two may overlap. */
void drsn_channels_move(int8_t *to, const int8_t *from, uint32_t count);

#endif
