/* The inverse transform of the band has n_samples points, the transform at hand `points`: as many (a padded window), or
 * half. Half of them give the even samples of the envelope, and the odd ones once the band is shifted by a sample;
 * for these the band is computed again, which needs less memory than keeping it.
 */
#include "drsn_envelope.h"

#include "drsn_fft_angle.h"

/* A rotation may make a part sqrt(2) times as large: this leaves room for it. */
#define BAND_BITS 28U

static inline uint32_t mask_of(const drsn_bin *bin)
{
    return (uint32_t)(bin->part[0] ^ (bin->part[0] >> 31)) | (uint32_t)(bin->part[1] ^ (bin->part[1] >> 31));
}

/* From the spectrum to the conjugate of the band, at the transform's places and scaled up to 2^28, later by `shifted`
 * samples. Returns 0 if there is nothing in the band. */
static uint32_t keep_band(const drsn_spectrum *p, drsn_band band, uint32_t shifted, drsn_bin *bins)
{
    uint32_t points = (uint32_t)p->fft.length >> 1;
    /* A padded window has bins between its own. */
    uint32_t step = p->fft.length >> p->sample_bits;
    uint32_t mask = 0U;
    uint32_t bits;
    uint32_t up;
    uint32_t down;

    for (uint32_t k = band.first; k <= band.last; k++) {
        mask |= mask_of(&bins[k * step]);
    }
    if (mask == 0U) {
        return 0U;
    }
    bits = drsn_bit_length(mask);
    up = (bits < BAND_BITS) ? (BAND_BITS - bits) : 0U;
    down = (bits > BAND_BITS) ? (bits - BAND_BITS) : 0U;
    for (uint32_t k = 0U; k < points; k++) {
        drsn_complex_q31 x = {0, 0};
        if ((k >= band.first) && (k <= band.last)) {
            const drsn_bin *bin = &bins[k * step];
            x.re = (bin->part[0] >> down) * ((int32_t)1 << up);
            x.im = -((bin->part[1] >> down) * ((int32_t)1 << up));
            if (shifted != 0U) {
                x = drsn_rotated(x.re * 2, x.im * 2, drsn_fft_angle(&p->fft, k));
            }
        }
        bins[k].part[0] = x.re;
        bins[k].part[1] = x.im;
    }
    drsn_spectrum_lay_out(bins, points);
    return 1U;
}

static inline uint64_t square(const drsn_bin *bin)
{
    uint64_t re = (uint64_t)((int64_t)bin->part[0] * bin->part[0]);
    return re + (uint64_t)((int64_t)bin->part[1] * bin->part[1]);
}

static inline uint32_t bit_length_64(uint64_t any)
{
    uint32_t high = (uint32_t)(any >> 32);
    return (high != 0U) ? (32U + drsn_bit_length(high)) : drsn_bit_length((uint32_t)any);
}

/* Bits by which squares are too long. */
static uint32_t excess(const drsn_bin *bins, uint32_t points)
{
    uint64_t any = 0U;
    uint32_t bits;

    for (uint32_t i = 0U; i < points; i++) {
        any |= square(&bins[i]);
    }
    bits = bit_length_64(any);
    return (bits > DRSN_SPECTRUM_BITS) ? (bits - DRSN_SPECTRUM_BITS) : 0U;
}

/* Every second square, from bins of which each holds a sample, and `others` (two in each), which are to be multiplied by
 * 2^ahead. */
static void interleave(drsn_bin *bins, const drsn_bin *others, uint32_t points, uint32_t down, int32_t ahead)
{
    uint32_t down_others = 0U;
    uint32_t down_these = down;

    if (ahead > 0) {
        down_these += (uint32_t)ahead;
    } else {
        down_others = (uint32_t)-ahead;
    }
    down_these = (down_these > 63U) ? 63U : down_these;
    down_others = (down_others > 31U) ? 31U : down_others;
    for (uint32_t i = 0U; i < points; i++) {
        bins[i].part[1] = (int32_t)(square(&bins[i]) >> down_these);
        bins[i].part[0] = others[i >> 1].part[i & 1U] >> down_others;
    }
}

/* Samples `shifted`, shifted + n_samples / points ... of the band's analytic signal; *exponent: as of drsn_fft_complex. */
static uint32_t analytic(const drsn_spectrum *p, drsn_band band, uint32_t shifted, drsn_bin *bins, int32_t *exponent)
{
    if (drsn_spectrum_prepare(p, bins, 0U) == 0U) {
        return 0U;
    }
    (void)drsn_fft_real(&p->fft, bins);
    if (keep_band(p, band, shifted, bins) == 0U) {
        return 0U;
    }
    *exponent = drsn_fft_complex(&p->fft, bins);
    return 1U;
}

uint32_t drsn_envelope(const drsn_spectrum *p, drsn_band band, const int16_t *samples, uint32_t first, drsn_bin *bins)
{
    uint32_t points = (uint32_t)p->fft.length >> 1;
    drsn_bin *kept = &bins[points + 1U];
    uint32_t down;
    int32_t even;
    int32_t odd;

    drsn_spectrum_take(p, samples, first, bins);
    if (analytic(p, band, 0U, bins, &even) == 0U) {
        return 0U;
    }
    down = excess(bins, points);
    if (((uint32_t)1 << p->sample_bits) == points) {
        for (uint32_t i = 0U; i < points; i++) {
            bins[i >> 1].part[i & 1U] = (int32_t)(square(&bins[i]) >> down);
        }
        return 1U;
    }
    for (uint32_t i = 0U; i < points; i++) {
        kept[i >> 1].part[i & 1U] = (int32_t)(square(&bins[i]) >> down);
    }
    even = (2 * even) + (int32_t)down;
    drsn_spectrum_take(p, samples, first, bins);
    (void)analytic(p, band, 1U, bins, &odd);
    down = excess(bins, points);
    odd = (2 * odd) + (int32_t)down;
    interleave(bins, kept, points, down, even - odd);
    return 1U;
}
