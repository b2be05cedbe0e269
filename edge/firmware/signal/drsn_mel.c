#include "drsn_mel.h"

#include <stddef.h>

/* A sum of powers times weights: high * 2^32 + low. */
typedef struct {
    uint64_t high, low;
} wide;

/* Adds the powers of a segment, weighted with the filter that rises there, or with the one that falls. */
static inline void add_rising(const drsn_bin *bins, const uint32_t *rising, uint32_t count, wide *sum)
{
    uint64_t high = sum->high;
    uint64_t low = sum->low;

    for (uint32_t i = 0U; i < count; i++) {
        low += (uint64_t)bins[i].power[0] * rising[i];
        high += (uint64_t)bins[i].power[1] * rising[i];
    }
    sum->high = high;
    sum->low = low;
}

static inline void add_falling(const drsn_bin *bins, const uint32_t *rising, uint32_t count, wide *sum)
{
    const uint32_t one = (uint32_t)1 << DRSN_MEL_BITS;
    uint64_t high = sum->high;
    uint64_t low = sum->low;

    for (uint32_t i = 0U; i < count; i++) {
        low += (uint64_t)bins[i].power[0] * (one - rising[i]);
        high += (uint64_t)bins[i].power[1] * (one - rising[i]);
    }
    sum->high = high;
    sum->low = low;
}

/* The logarithm or the root of a band, with DRSN_BAND_BITS. */
static inline int32_t compressed(const drsn_front_end *p, drsn_real power)
{
    drsn_real raised = drsn_sum(power, p->log_floor);

    return (p->root_steps != NULL) ? drsn_fourth_root_q24(p->root_steps, raised) : drsn_ln_q24(p->log_steps, raised);
}

/* Where the logarithm of a band waits for the DCT. */
static inline int32_t *log_of(const drsn_front_end *p, drsn_bin *bins, uint32_t band)
{
    return &bins[((uint32_t)p->fft.length >> 1) + 1U + (band >> 1)].part[band & 1U];
}

/* The DCT, two mirrored rows at a time: their cosines are equal but for the sign of odd features. */
static void transform(const drsn_front_end *p, drsn_bin *bins, int8_t *out)
{
    uint32_t half = (uint32_t)p->n_mels >> 1;
    uint32_t odd = (uint32_t)p->n_mels & 1U;

    for (uint32_t i = 0U; i < half; i++) {
        int32_t *left = log_of(p, bins, i);
        int32_t *right = log_of(p, bins, p->n_mels - 1U - i);
        int32_t sum = *left + *right;
        int32_t difference = *left - *right;
        *left = sum;
        *right = difference;
    }
    for (uint32_t feature = 0U; feature < p->n_features; feature++) {
        const int32_t *cosine = &p->dct[feature];
        int64_t total = 0;
        for (uint32_t i = 0U; i < half; i++) {
            uint32_t row = ((feature & 1U) == 0U) ? i : (p->n_mels - 1U - i);
            total += (int64_t)*log_of(p, bins, row) * *cosine;
            cosine += p->n_features;
        }
        if (odd != 0U) {
            total += (int64_t)*log_of(p, bins, half) * *cosine;
        }
        total >>= DRSN_BAND_BITS + DRSN_DCT_BITS - DRSN_MFCC_BITS;
        out[feature] = drsn_quantized(&p->quantizer, (int32_t)total);
    }
}

void drsn_mel_features(const drsn_front_end *p, drsn_bin *bins, int32_t exponent, int8_t *out)
{
    const drsn_bin *bin = &bins[p->first_bin];
    const uint32_t *rising = p->rising;

    for (uint32_t band = 0U; band < p->n_mels; band++) {
        uint32_t count = p->segment_bins[band];
        wide sum = {0U, 0U};
        int32_t feature;

        add_rising(bin, rising, count, &sum);
        bin += count;
        rising += count;
        add_falling(bin, rising, p->segment_bins[band + 1U], &sum);
        feature = compressed(p, drsn_normalized_wide(sum.high, sum.low, exponent - DRSN_MEL_BITS));
        if (p->dct != NULL) {
            *log_of(p, bins, band) = feature;
        } else {
            out[band] = drsn_quantized(&p->quantizer, feature);
        }
    }
    if (p->dct != NULL) {
        transform(p, bins, out);
    }
}
