/* A real transform of N samples is a complex one of N / 2 and a pass that takes the two interleaved halves apart.
 *
 * Radix 4, decimation in time, over input in bit-reversed order: of the four sub-transforms that a butterfly joins, the
 * second holds the samples of residue 2 and the third those of residue 1. Before each pass the block is shifted right
 * as far as its largest part demands, no further: |part| <= 2^29 in, |part| < 2^31 out.
 */
#include "drsn_fft.h"

#include "drsn_bits.h"
#include "drsn_fft_angle.h"

#define PART_BITS 29U

static inline uint32_t magnitude(int32_t value)
{
    return (uint32_t)(value ^ (value >> 31));
}

/* Stores a number and folds it into the mask of magnitudes. */
static inline uint32_t put(drsn_bin *bin, int32_t re, int32_t im, uint32_t mask)
{
    bin->part[0] = re;
    bin->part[1] = im;
    return mask | magnitude(re) | magnitude(im);
}

/* Two or four points without a factor: the first pass. Returns the mask of magnitudes. */
static uint32_t first_pairs(drsn_bin *bins, uint32_t points)
{
    uint32_t mask = 0U;
    for (uint32_t i = 0U; i < points; i += 2U) {
        int32_t a_re = bins[i].part[0], a_im = bins[i].part[1];
        int32_t b_re = bins[i + 1U].part[0], b_im = bins[i + 1U].part[1];
        mask = put(&bins[i], a_re + b_re, a_im + b_im, mask);
        mask = put(&bins[i + 1U], a_re - b_re, a_im - b_im, mask);
    }
    return mask;
}

static uint32_t first_fours(drsn_bin *bins, uint32_t points)
{
    uint32_t mask = 0U;
    for (drsn_bin *bin = bins; bin < &bins[points]; bin += 4) {
        int32_t ac_re = bin[0].part[0] + bin[1].part[0], ac_im = bin[0].part[1] + bin[1].part[1];
        int32_t a_c_re = bin[0].part[0] - bin[1].part[0], a_c_im = bin[0].part[1] - bin[1].part[1];
        int32_t bd_re = bin[2].part[0] + bin[3].part[0], bd_im = bin[2].part[1] + bin[3].part[1];
        int32_t b_d_re = bin[2].part[0] - bin[3].part[0], b_d_im = bin[2].part[1] - bin[3].part[1];
        mask = put(&bin[0], ac_re + bd_re, ac_im + bd_im, mask);
        mask = put(&bin[1], a_c_re + b_d_im, a_c_im - b_d_re, mask);
        mask = put(&bin[2], ac_re - bd_re, ac_im - bd_im, mask);
        mask = put(&bin[3], a_c_re - b_d_im, a_c_im + b_d_re, mask);
    }
    return mask;
}

/* Sub-transforms of `size` points become such of 4 * size; parts are shifted right by `shift` and halved. */
static uint32_t join_fours(const drsn_fft *p, drsn_bin *bins, uint32_t size, uint32_t shift)
{
    uint32_t points = (uint32_t)p->length >> 1;
    uint32_t step = points / (2U * size); /* of 4 * size points in the table of length = 2 * points */
    uint32_t mask = 0U;

    for (uint32_t k = 0U; k < size; k++) {
        drsn_angle w1 = drsn_fft_angle(p, k * step);
        drsn_angle w2 = drsn_fft_angle(p, 2U * k * step);
        drsn_angle w3 = drsn_fft_angle(p, 3U * k * step);
        for (drsn_bin *bin = &bins[k]; bin < &bins[points]; bin += 4U * size) {
            drsn_complex_q31 b = drsn_rotated(bin[2U * size].part[0] >> shift, bin[2U * size].part[1] >> shift, w1);
            drsn_complex_q31 d = drsn_rotated(bin[3U * size].part[0] >> shift, bin[3U * size].part[1] >> shift, w3);
            int32_t bd_re = b.re + d.re, bd_im = b.im + d.im, b_d_re = b.re - d.re, b_d_im = b.im - d.im;
            drsn_complex_q31 c = drsn_rotated(bin[size].part[0] >> shift, bin[size].part[1] >> shift, w2);
            int32_t a_re = bin[0].part[0] >> (shift + 1U), a_im = bin[0].part[1] >> (shift + 1U);
            int32_t ac_re = a_re + c.re, ac_im = a_im + c.im, a_c_re = a_re - c.re, a_c_im = a_im - c.im;
            mask = put(&bin[0], ac_re + bd_re, ac_im + bd_im, mask);
            mask = put(&bin[size], a_c_re + b_d_im, a_c_im - b_d_re, mask);
            mask = put(&bin[2U * size], ac_re - bd_re, ac_im - bd_im, mask);
            mask = put(&bin[3U * size], a_c_re - b_d_im, a_c_im + b_d_re, mask);
        }
    }
    return mask;
}

/* Bits that a block with this mask has too many. */
static inline uint32_t excess(uint32_t mask)
{
    uint32_t bits = drsn_bit_length(mask);
    return (bits > PART_BITS) ? (bits - PART_BITS) : 0U;
}

/* Scales a block up as far as a pass can take it; returns by how many bits. */
static uint32_t fill(drsn_bin *bins, uint32_t points, uint32_t mask)
{
    uint32_t bits = drsn_bit_length(mask);
    uint32_t up = (bits < PART_BITS) ? (PART_BITS - bits) : 0U;

    if ((mask == 0U) || (up == 0U)) {
        return 0U;
    }
    for (drsn_bin *bin = bins; bin < &bins[points]; bin++) {
        bin->part[0] *= (int32_t)1 << up;
        bin->part[1] *= (int32_t)1 << up;
    }
    return up;
}

/* The complex transform in place; *last is the mask of its magnitudes. Returns the exponent. */
static int32_t transform(const drsn_fft *p, drsn_bin *bins, uint32_t filled, uint32_t *last)
{
    uint32_t points = (uint32_t)p->length >> 1;
    int32_t exponent = 0;
    uint32_t mask;
    uint32_t size = 4U;

    /* points is a power of 4, or twice one. */
    if ((points & 0x55555555U) != 0U) {
        mask = first_fours(bins, points);
    } else {
        mask = first_pairs(bins, points);
        size = 2U;
    }
    for (; size < points; size *= 4U) {
        uint32_t shift = excess(mask);
        exponent += (int32_t)shift + 1;
        if (filled != 0U) {
            exponent -= (int32_t)fill(bins, points, mask);
        }
        mask = join_fours(p, bins, size, shift);
    }
    *last = mask;
    return exponent;
}

typedef struct {
    drsn_complex_q31 low, high;
} pair;

/* X[k] = (Z[k] + Z*[M - k]) / 2 - i W^k (Z[k] - Z*[M - k]) / 2, and X[M - k] from the same two; 0 < k <= M / 2. */
static inline pair split(const drsn_fft *p, const drsn_bin *bins, uint32_t k, uint32_t shift)
{
    uint32_t points = (uint32_t)p->length >> 1;
    const drsn_bin *low = &bins[k], *high = &bins[points - k];
    int32_t z_re = low->part[0] >> shift, z_im = low->part[1] >> shift;
    int32_t y_re = high->part[0] >> shift, y_im = high->part[1] >> shift;
    drsn_angle w = {p->cosine[k], p->cosine[(points >> 1) - k]};
    /* -i (Z - Z*) W / 2 */
    drsn_complex_q31 odd = drsn_rotated(z_im + y_im, y_re - z_re, w);
    int32_t even_re = (z_re + y_re) >> 1, even_im = (z_im - y_im) >> 1;
    pair x = {{even_re + odd.re, even_im + odd.im}, {even_re - odd.re, odd.im - even_im}};

    return x;
}

static inline void put_bin(drsn_bin *bin, int32_t re, int32_t im, uint32_t as_power)
{
    if (as_power != 0U) {
        uint64_t power = (uint64_t)((int64_t)re * re) + (uint64_t)((int64_t)im * im);
        bin->power[0] = (uint32_t)power;
        bin->power[1] = (uint32_t)(power >> 32);
    } else {
        bin->part[0] = re;
        bin->part[1] = im;
    }
}

static inline uint32_t spectrum(const drsn_fft *p, drsn_bin *bins, uint32_t as_power)
{
    uint32_t points = (uint32_t)p->length >> 1;
    uint32_t mask;
    uint32_t exponent = (uint32_t)transform(p, bins, 0U, &mask);
    uint32_t shift = excess(mask);
    int32_t first_re = bins[0].part[0] >> shift, first_im = bins[0].part[1] >> shift;

    put_bin(&bins[0], first_re + first_im, 0, as_power);
    put_bin(&bins[points], first_re - first_im, 0, as_power);
    for (uint32_t k = 1U; k <= (points >> 1); k++) {
        pair x = split(p, bins, k, shift);
        put_bin(&bins[k], x.low.re, x.low.im, as_power);
        put_bin(&bins[points - k], x.high.re, x.high.im, as_power);
    }
    return exponent + shift;
}

uint32_t drsn_fft_power(const drsn_fft *p, drsn_bin *bins)
{
    return spectrum(p, bins, 1U);
}

uint32_t drsn_fft_real(const drsn_fft *p, drsn_bin *bins)
{
    return spectrum(p, bins, 0U);
}

int32_t drsn_fft_complex(const drsn_fft *p, drsn_bin *bins)
{
    uint32_t mask;

    return transform(p, bins, 1U, &mask);
}
