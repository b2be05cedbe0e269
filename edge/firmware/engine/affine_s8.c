/* A factor and an offset for each channel. */
#include "packed_s8.h"

/* `width` channels from `c` on of rows of `channels`. */
static void affine_plain(const drsn_affine *p, const int8_t *input, int8_t *output, uint32_t positions,
                         uint32_t channels, uint32_t c, uint32_t width)
{
    const drsn_affine constants = *p; /* in registers: the output could alias *p */
    for (uint32_t row = c; row < (positions * channels); row += channels) {
        for (uint32_t k = 0U; k < width; k++) {
            const int32_t sum = (constants.factor[c + k] * input[row + k]) + constants.offset[c + k];
            output[row + k] = (int8_t)drsn_clamp(sum >> constants.shift, constants.low, constants.high);
        }
    }
}

#if defined(DRSN_MVE)

static inline uint8_t affine_four(const drsn_affine *p, uint32_t c, const int8_t *input, int8_t *output,
                                  uint32_t positions, uint32_t channels)
{
    const int32x4_t factor = vldrwq_s32(&p->factor[c]);
    const int32x4_t offset = vldrwq_s32(&p->offset[c]);
    const int32x4_t low = vdupq_n_s32(p->low);
    const int32x4_t high = vdupq_n_s32(p->high);
    const int32_t minus_shift = -(int32_t)p->shift;
    const int8_t *from = input;
    int8_t *to = output;
    for (uint32_t position = 0U; position < positions; position++) {
        const int32x4_t sum = vaddq_s32(vmulq_s32(vldrbq_s32(from), factor), offset);
        vstrbq_s32(to, vminq_s32(vmaxq_s32(vshlq_r_s32(sum, minus_shift), low), high));
        from = &from[channels];
        to = &to[channels];
    }
    return 1U;
}

#elif defined(DRSN_DSP)

/* One element. is_fast is a constant to the compiler: one loop for each value. */
static DRSN_INLINE void affine_one(const int8_t **from, int32_t to_output, int32_t factor, int32_t offset,
                                   uint32_t shift, uint8_t is_fast)
{
    const int32_t sum = (factor * drsn_take(from)) + offset;
    drsn_put(*from, to_output, (is_fast != 0U) ? drsn_ssat8_fast(sum) : drsn_ssat8(sum >> shift));
}

static DRSN_INLINE void affine_columns(const int32_t *factors, const int32_t *offsets, uint32_t shift, uint8_t is_fast,
                                       const int8_t *input, int8_t *output, uint32_t positions, uint32_t channels)
{
    const int32_t factor0 = factors[0];
    const int32_t factor1 = factors[1];
    const int32_t factor2 = factors[2];
    const int32_t factor3 = factors[3];
    const int32_t offset0 = offsets[0];
    const int32_t offset1 = offsets[1];
    const int32_t offset2 = offsets[2];
    const int32_t offset3 = offsets[3];
    const int32_t to_output = drsn_distance(input, output);
    const int8_t *from = input;
    const int8_t *const end = &input[positions * channels];
    while (from != end) {
        affine_one(&from, to_output, factor0, offset0, shift, is_fast);
        affine_one(&from, to_output, factor1, offset1, shift, is_fast);
        affine_one(&from, to_output, factor2, offset2, shift, is_fast);
        affine_one(&from, to_output, factor3, offset3, shift, is_fast);
        from = &from[channels - 4U];
    }
}

/* Four channels, if they are clamped to full range: SSAT does that. 1 if it is done. */
static inline uint8_t affine_four(const drsn_affine *p, uint32_t c, const int8_t *input, int8_t *output,
                                  uint32_t positions, uint32_t channels)
{
    const uint8_t full_range = ((p->low == -128) && (p->high == 127)) ? 1U : 0U;
    if (full_range == 0U) {
        /* nothing done */
    } else if (p->shift == DRSN_FAST_SHIFT) {
        affine_columns(&p->factor[c], &p->offset[c], p->shift, 1U, input, output, positions, channels);
    } else {
        affine_columns(&p->factor[c], &p->offset[c], p->shift, 0U, input, output, positions, channels);
    }
    return full_range;
}

#endif

void drsn_affine_s8(const drsn_affine *p, const int8_t *input, int8_t *output, uint32_t positions, uint32_t channels)
{
    uint32_t c = 0U;
#if defined(DRSN_MVE) || defined(DRSN_DSP)
    while (((c + 4U) <= channels) && (affine_four(p, c, &input[c], &output[c], positions, channels) != 0U)) {
        c += 4U;
    }
#endif
    if (c < channels) {
        affine_plain(p, input, output, positions, channels, c, channels - c);
    }
}
