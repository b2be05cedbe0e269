#include "drsn_front_end.h"

#include <stddef.h>
#include <string.h>

#include "drsn_mel.h"

/* Exponent of a windowed sample of a frame whose samples need `bits` bits: x / 32768 = part * 2^(bits - WINDOWED). */
#define WINDOWED 44
#define SAMPLE_BITS 30U

/* What windowing a frame needs at hand. */
typedef struct {
    const int16_t *samples;
    const int32_t *window;
    uint32_t length;
    uint32_t from;
    int32_t scale;
} reader;

/* Sample n of the frame, windowed and scaled up; the window's second half mirrors the first. */
static inline int32_t windowed(reader *r, uint32_t n)
{
    uint32_t mirrored = r->length - n;
    int32_t value = drsn_high(r->samples[r->from] * r->scale, r->window[(n < mirrored) ? n : mirrored]);

    r->from++;
    if (r->from == r->length) {
        r->from = 0U;
    }
    return value;
}

/* Windows the frame, scales it up to 2^29 and lays it out for the transform. */
static void load(const drsn_front_end *p, const int16_t *samples, uint32_t first, uint32_t bits, drsn_bin *bins)
{
    uint32_t points = (uint32_t)p->fft.length >> 1;
    uint32_t even = (uint32_t)p->frame_length & ~(uint32_t)1U;
    uint32_t place = 0U;
    reader r = {samples, p->window, p->frame_length, first, (int32_t)1 << (SAMPLE_BITS - bits)};

    (void)memset(bins, 0, (size_t)points * sizeof(drsn_bin));
    for (uint32_t n = 0U; n < even; n += 2U) {
        bins[place].part[0] = windowed(&r, n);
        bins[place].part[1] = windowed(&r, n + 1U);
        place = drsn_fft_next_place(place, points);
    }
    if (even < r.length) {
        bins[place].part[0] = windowed(&r, even);
    }
}

void drsn_front_end_frame(const drsn_front_end *p, const int16_t *samples, uint32_t first, drsn_bin *scratch,
                          int8_t *out)
{
    uint32_t any = 0U;
    uint32_t mask = 0U;
    uint32_t bits;
    int32_t exponent;

    for (uint32_t n = 0U; n < p->frame_length; n++) {
        int32_t x = samples[n];
        any |= (uint32_t)x;
        mask |= (uint32_t)(x ^ (x >> 31));
    }
    if (any == 0U) {
        (void)memcpy(out, p->silence, p->n_features);
        return;
    }
    bits = drsn_bit_length(mask);
    load(p, samples, first, bits, scratch);
    exponent = (int32_t)bits - WINDOWED + (int32_t)drsn_fft_power(&p->fft, scratch);
    drsn_mel_features(p, scratch, 2 * exponent, out);
}

void drsn_front_end_start(const drsn_front_end *p, drsn_front_end_state *state, int16_t *history, drsn_bin *scratch)
{
    drsn_sample_ring_start(&state->ring, history, p->frame_length);
    state->scratch = scratch;
}

uint32_t drsn_front_end_push(const drsn_front_end *p, drsn_front_end_state *state, const int16_t **samples,
                             uint32_t *count, int8_t *out, uint32_t capacity)
{
    uint32_t frames = 0U;

    while ((frames < capacity) && (drsn_sample_ring_take(&state->ring, p->hop_length, samples, count) != 0U)) {
        drsn_front_end_frame(p, state->ring.samples, state->ring.oldest, state->scratch,
                             &out[(size_t)frames * p->n_features]);
        frames++;
    }
    return frames;
}
