#include "drsn_window.h"

#include "drsn_bits.h"

/* Fractional bits of a standardised sample. */
#define Z_BITS 22U

/* Integer square root, rounded down. */
static uint32_t square_root(uint64_t value)
{
    uint64_t rest = value;
    uint64_t root = 0U;

    for (uint64_t bit = (uint64_t)1 << 62; bit != 0U; bit >>= 2) {
        if (rest >= (root + bit)) {
            rest -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
    }
    return (uint32_t)root;
}

/* With n = n_samples: (x - mean) / std = (n x - sum x) / sqrt(n sum x^2 - (sum x)^2), all integers. */
typedef struct {
    int32_t sum;
    /* 1 / sqrt(spread) = reciprocal / 2^shift; 0 where all samples are equal. */
    uint32_t reciprocal;
    uint32_t shift;
} standard;

static standard measure(const drsn_window *p, const int16_t *samples)
{
    standard result = {0, 0U, 62U};
    uint64_t squares = 0U;
    uint64_t spread;
    uint32_t up = 0U;

    for (uint32_t i = 0U; i < p->n_samples; i++) {
        int32_t x = samples[i];
        result.sum += x;
        squares += (uint64_t)(uint32_t)(x * x);
    }
    spread = (squares * p->n_samples) - (uint64_t)((int64_t)result.sum * result.sum);
    if (spread != 0U) {
        /* An even shift that brings the spread to 2^62 or above makes the root precise to 31 bits. */
        while ((spread >> 62) == 0U) {
            spread <<= 2;
            up++;
        }
        /* sqrt in [2^31, 2^32): 2^63 / sqrt in (2^31, 2^32]; halved so that it fits. */
        result.reciprocal = (uint32_t)(((uint64_t)1 << 62) / square_root(spread));
        result.shift = 62U - up;
    }
    return result;
}

void drsn_window_frame(const drsn_window *p, const int16_t *samples, uint32_t first, int8_t *out)
{
    standard s = {0, 0U, 62U};
    uint32_t from = first;

    if (p->standardize != 0U) {
        s = measure(p, samples);
    }
    for (uint32_t i = 0U; i < p->n_samples; i++) {
        int32_t value = samples[from];
        if (p->standardize != 0U) {
            /* |distance| < 2^31, reciprocal <= 2^31, shift >= 31. */
            int32_t distance = (int32_t)(((int64_t)value * p->n_samples) - s.sum);
            int64_t product = (int64_t)distance * s.reciprocal;
            value = (int32_t)((product + ((int64_t)1 << (s.shift - Z_BITS - 1U))) >> (s.shift - Z_BITS));
        }
        out[i] = drsn_quantized(&p->quantizer, value);
        from++;
        if (from == p->n_samples) {
            from = 0U;
        }
    }
}

void drsn_window_start(const drsn_window *p, drsn_window_state *state, int16_t *history)
{
    drsn_sample_ring_start(&state->ring, history, p->n_samples);
}

uint32_t drsn_window_push(const drsn_window *p, drsn_window_state *state, const int16_t **samples, uint32_t *count,
                          int8_t *out)
{
    uint32_t complete = drsn_sample_ring_take(&state->ring, p->hop_length, samples, count);

    if (complete != 0U) {
        drsn_window_frame(p, state->ring.samples, state->ring.oldest, out);
    }
    return complete;
}
