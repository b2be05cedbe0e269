#include "drsn_spectrum.h"

#include <stddef.h>
#include <string.h>

#include "drsn_fft_angle.h"

/* The mean of a window's values as base + rest / n_samples, rest >= 0. */
typedef struct {
    int32_t base;
    uint32_t rest;
} mean_value;

static mean_value mean_of(const drsn_spectrum *p, const drsn_bin *bins)
{
    uint32_t half = (uint32_t)1 << (p->sample_bits - 1U);
    int64_t sum = 0;
    mean_value mean;

    for (uint32_t i = 0U; i < half; i++) {
        sum += (int64_t)bins[i].part[0] + bins[i].part[1];
    }
    mean.base = (int32_t)(sum >> p->sample_bits);
    mean.rest = (uint32_t)(sum - ((int64_t)mean.base * ((int64_t)1 << p->sample_bits)));
    return mean;
}

/* The window is half of 1 - cos; its second half mirrors the first. */
static inline int32_t hann_q31(const drsn_spectrum *p, uint32_t i)
{
    uint32_t samples = (uint32_t)1 << p->sample_bits;
    uint32_t step = p->fft.length >> p->sample_bits;
    uint32_t mirrored = samples - i;
    int32_t cosine = drsn_fft_angle(&p->fft, ((i < mirrored) ? i : mirrored) * step).cosine;

    return (int32_t)(((int64_t)0x80000000 - cosine) >> 1);
}

void drsn_spectrum_take(const drsn_spectrum *p, const int16_t *samples, uint32_t first, drsn_bin *bins)
{
    uint32_t last = ((uint32_t)1 << p->sample_bits) - 1U;

    for (uint32_t i = 0U; i <= last; i++) {
        bins[i >> 1].part[i & 1U] = samples[(first + i) & last];
    }
}

void drsn_spectrum_lay_out(drsn_bin *bins, uint32_t points)
{
    uint32_t place = 0U;

    for (uint32_t i = 0U; i < points; i++) {
        if (i < place) {
            drsn_bin other = bins[i];
            bins[i] = bins[place];
            bins[place] = other;
        }
        place = drsn_fft_next_place(place, points);
    }
}

uint32_t drsn_spectrum_prepare(const drsn_spectrum *p, drsn_bin *bins, uint32_t hann)
{
    uint32_t points = (uint32_t)p->fft.length >> 1;
    uint32_t half = (uint32_t)1 << (p->sample_bits - 1U);
    mean_value mean = mean_of(p, bins);
    uint32_t mask = 0U;
    int32_t scale;
    int32_t fraction;

    for (uint32_t i = 0U; i < half; i++) {
        for (uint32_t j = 0U; j < 2U; j++) {
            int32_t distance = bins[i].part[j] - mean.base;
            mask |= (uint32_t)(distance ^ (distance >> 31));
            bins[i].part[j] = distance;
        }
    }
    /* Where values differ, one is above the mean's whole part: the mask is 0 only if none does. */
    if (mask == 0U) {
        return 0U;
    }
    /* |distance| * scale <= 2^29, fraction < scale <= 2^28. */
    scale = (int32_t)1 << (DRSN_SPECTRUM_BITS - drsn_bit_length(mask));
    fraction = (int32_t)(((int64_t)scale * mean.rest) >> p->sample_bits);
    for (uint32_t i = 0U; i < half; i++) {
        for (uint32_t j = 0U; j < 2U; j++) {
            int32_t distance = (bins[i].part[j] * scale) - fraction;
            bins[i].part[j] = (hann != 0U) ? drsn_high(distance, hann_q31(p, (2U * i) + j)) : (distance >> 1);
        }
    }
    (void)memset(&bins[half], 0, (size_t)(points - half) * sizeof(drsn_bin));
    drsn_spectrum_lay_out(bins, points);
    return 1U;
}

void drsn_spectrum_features(const drsn_spectrum *p, drsn_bin *bins, uint32_t step, int8_t *out)
{
    uint32_t points = (uint32_t)p->fft.length >> 1;
    uint64_t high = 0U;
    uint64_t low = 0U;
    drsn_real mean;
    drsn_real least;
    int32_t mean_log;

    (void)drsn_fft_power(&p->fft, bins);
    for (uint32_t k = 0U; k < points; k++) {
        low += bins[k].power[0];
        high += bins[k].power[1];
    }
    if ((low | high) == 0U) {
        for (uint32_t k = 0U; k < points; k++) {
            out[(size_t)k * step] = p->quantizer.zero;
        }
        return;
    }
    /* points = 2^(bits of points - 1). */
    mean = drsn_normalized_wide(high, low, 1 - (int32_t)drsn_bit_length(points));
    mean_log = drsn_ln_q24(p->log_steps, mean);
    least = drsn_normalized((uint64_t)mean.mantissa * p->floor.mantissa, mean.exponent + p->floor.exponent);
    for (uint32_t k = 0U; k < points; k++) {
        drsn_real power = drsn_normalized(((uint64_t)bins[k].power[1] << 32) | bins[k].power[0], 0);
        int32_t ratio = drsn_ln_q24(p->log_steps, drsn_sum(power, least)) - mean_log;
        out[(size_t)k * step] = drsn_quantized(&p->quantizer, ratio);
    }
}
