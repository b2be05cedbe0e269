/* Windows of a stream of 16-bit samples (vibration), standardised or scaled, as the int8 of a model's input.
 *
 * What drsn_keras.frontend.window computes in floating point, in integers. Re-entrant: all state is the caller's.
 */
#ifndef DRSN_WINDOW_H
#define DRSN_WINDOW_H

#include <stdint.h>

#include "drsn_quantize.h"
#include "drsn_sample_ring.h"

#define DRSN_WINDOW_LONGEST 32768

typedef struct {
    uint32_t n_samples, hop_length;
    /* 1: (x - mean) / std of the window, all 0 where std is 0; quantizer takes the quotient in Q22. 0: quantizer takes
     * the samples themselves. */
    uint32_t standardize;
    drsn_quantizer quantizer;
} drsn_window;

typedef struct {
    drsn_sample_ring ring;
} drsn_window_state;

/* Before the stream. history: n_samples. */
void drsn_window_start(const drsn_window *p, drsn_window_state *state, int16_t *history);

/* Takes samples until a window is complete and written to `out` (n_samples; returns 1), or until none are left
 * (returns 0); moves *samples and *count on. Samples that are left over: call again. */
uint32_t drsn_window_push(const drsn_window *p, drsn_window_state *state, const int16_t **samples, uint32_t *count,
                          int8_t *out);

/* One window: `samples` is a circle of n_samples that begins at `first`. */
void drsn_window_frame(const drsn_window *p, const int16_t *samples, uint32_t first, int8_t *out);

#endif
