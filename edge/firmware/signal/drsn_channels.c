#include "drsn_channels.h"

#include <stddef.h>

/* The points of a window that shows nothing. */
static void zeros(const drsn_channels *p, int8_t *out)
{
    uint32_t points = (uint32_t)p->spectrum.fft.length >> 1;

    for (uint32_t k = 0U; k < points; k++) {
        out[(size_t)k * p->n_channels] = p->spectrum.quantizer.zero;
    }
}

/* Spread from the end, the signal overtakes nothing of itself. */
static void signal_channel(const drsn_channels *p, const int16_t *samples, uint32_t first, int8_t *out)
{
    drsn_window_frame(&p->window, samples, first, out);
    for (uint32_t i = p->window.n_samples; i > 0U; i--) {
        out[((size_t)(i - 1U) * p->n_channels) + p->signal] = out[i - 1U];
    }
}

void drsn_channels_frame(const drsn_channels *p, const int16_t *samples, uint32_t first, drsn_bin *scratch, int8_t *out)
{
    if (p->signal != DRSN_NO_CHANNEL) {
        signal_channel(p, samples, first, out);
    }
    if (p->plain != DRSN_NO_CHANNEL) {
        drsn_spectrum_take(&p->spectrum, samples, first, scratch);
        if (drsn_spectrum_prepare(&p->spectrum, scratch, 1U) != 0U) {
            drsn_spectrum_features(&p->spectrum, scratch, p->n_channels, &out[p->plain]);
        } else {
            zeros(p, &out[p->plain]);
        }
    }
    if (p->envelope != DRSN_NO_CHANNEL) {
        if ((drsn_envelope(&p->spectrum, p->band, samples, first, scratch) != 0U) &&
            (drsn_spectrum_prepare(&p->spectrum, scratch, 1U) != 0U)) {
            drsn_spectrum_features(&p->spectrum, scratch, p->n_channels, &out[p->envelope]);
        } else {
            zeros(p, &out[p->envelope]);
        }
    }
}

uint32_t drsn_channels_push(const drsn_channels *p, drsn_window_state *state, const int16_t **samples, uint32_t *count,
                            drsn_bin *scratch, int8_t *out)
{
    uint32_t complete = drsn_sample_ring_take(&state->ring, p->window.hop_length, samples, count);

    if (complete != 0U) {
        drsn_channels_frame(p, state->ring.samples, state->ring.oldest, scratch, out);
    }
    return complete;
}

void drsn_channels_move(int8_t *to, const int8_t *from, uint32_t count)
{
    if ((uintptr_t)to < (uintptr_t)from) {
        for (uint32_t i = 0U; i < count; i++) {
            to[i] = from[i];
        }
    } else {
        for (uint32_t i = count; i > 0U; i--) {
            to[i - 1U] = from[i - 1U];
        }
    }
}
