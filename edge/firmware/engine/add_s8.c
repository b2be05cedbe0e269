/* Sum and difference of two maps, or of a map and a vector or scalar, in the form proven by the generator. */
#include "sum_s8.h"

static void add_plain(const drsn_add *p, const int8_t *a, const int8_t *b, uint32_t b_step, int8_t *output,
                      uint32_t count)
{
    const drsn_add constants = *p; /* in registers: the output could alias *p */
    for (uint32_t i = 0U; i < count; i++) {
        output[i] = (int8_t)drsn_sum(&constants, a[i], b[i * b_step]);
    }
}

#if defined(DRSN_MVE)

/* b_step is a constant to the compiler here and below. */
static DRSN_INLINE void add_rows(const drsn_add *p, const int8_t *a, const int8_t *b, uint32_t b_step, int8_t *output,
                                 uint32_t positions, uint32_t channels)
{
    const int32x4_t a_factor = vdupq_n_s32(p->a_factor);
    const int32x4_t low = vdupq_n_s32(p->low);
    const int32x4_t high = vdupq_n_s32(p->high);
    const int32x4_t all_b = vdupq_n_s32(*b);
    const drsn_add constants = *p;
    for (uint32_t row = 0U; row < (positions * channels); row += channels) {
        uint32_t c = 0U;
        for (; (c + 4U) <= channels; c += 4U) {
            const int32x4_t of_b = (b_step != 0U) ? vldrbq_s32(&b[c]) : all_b;
            const int32x4_t sum = drsn_sum_mve(&constants, a_factor, vldrbq_s32(&a[row + c]), of_b);
            vstrbq_s32(&output[row + c], vminq_s32(vmaxq_s32(sum, low), high));
        }
        add_plain(p, &a[row + c], &b[c * b_step], b_step, &output[row + c], channels - c);
    }
}

#elif defined(DRSN_DSP)

/* The next sum before its shift. `with` is found from the element behind `from`, or one number (b_step 0). */
static DRSN_INLINE int32_t next_sum(const drsn_add *p, const int8_t **from, int32_t with, uint32_t b_step)
{
    const int32_t a = drsn_take(from);
    return drsn_sum_wrapping(p, a, (b_step != 0U) ? (*from)[with] : with);
}

static DRSN_INLINE void add_next(const drsn_add *fast, const int8_t **from, int32_t with, uint32_t b_step,
                                 int32_t to_output)
{
    const int32_t y = drsn_ssat8_fast(next_sum(fast, from, with, b_step));
    drsn_put(*from, to_output, y);
}

/* Whole words of a row. is_fast: the fast shift and full range; a constant to the compiler. */
static DRSN_INLINE void add_words(const drsn_add *p, uint8_t is_fast, const int8_t *a, const int8_t *b,
                                  uint32_t b_step, int8_t *output, uint32_t count)
{
    const drsn_add constants = *p; /* in registers: the output could alias *p */
    const int8_t *const end = &a[count];
    const int32_t with = (b_step != 0U) ? drsn_distance(a, b) : *b;
    const int32_t to_output = drsn_distance(a, output);
    const uint32_t low = drsn_splat4(p->low);
    const uint32_t high = drsn_splat4(p->high);
    const int8_t *from = a;
    int8_t *to = output;
    while (from != end) {
        if (is_fast != 0U) {
            add_next(&constants, &from, with, b_step, to_output);
            add_next(&constants, &from, with, b_step, to_output);
            add_next(&constants, &from, with, b_step, to_output);
            add_next(&constants, &from, with, b_step, to_output);
        } else {
            const int32_t y0 = drsn_ssat8(next_sum(&constants, &from, with, b_step) >> constants.shift);
            const int32_t y1 = drsn_ssat8(next_sum(&constants, &from, with, b_step) >> constants.shift);
            const int32_t y2 = drsn_ssat8(next_sum(&constants, &from, with, b_step) >> constants.shift);
            const int32_t y3 = drsn_ssat8(next_sum(&constants, &from, with, b_step) >> constants.shift);
            drsn_store4(to, drsn_min4(drsn_max4(drsn_pack4(y0, y1, y2, y3), low), high));
            to = &to[4];
        }
    }
}

static DRSN_INLINE void add_rows(const drsn_add *p, const int8_t *a, const int8_t *b, uint32_t b_step, int8_t *output,
                                 uint32_t positions, uint32_t channels)
{
    drsn_add fast;
    const uint8_t is_fast = drsn_sum_is_fast(p, &fast);
    const uint32_t whole = channels & ~(uint32_t)3U;
    for (uint32_t row = 0U; row < (positions * channels); row += channels) {
        if (is_fast != 0U) {
            add_words(&fast, 1U, &a[row], b, b_step, &output[row], whole);
        } else {
            add_words(p, 0U, &a[row], b, b_step, &output[row], whole);
        }
        if (whole != channels) {
            add_plain(p, &a[row + whole], &b[whole * b_step], b_step, &output[row + whole], channels - whole);
        }
    }
}

#else

static inline void add_rows(const drsn_add *p, const int8_t *a, const int8_t *b, uint32_t b_step, int8_t *output,
                            uint32_t positions, uint32_t channels)
{
    for (uint32_t row = 0U; row < (positions * channels); row += channels) {
        add_plain(p, &a[row], b, b_step, &output[row], channels);
    }
}

#endif

void drsn_add_s8(const drsn_add *p, const int8_t *a, const int8_t *b, int8_t *output, uint32_t count)
{
    if (count != 0U) {
        add_rows(p, a, b, 1U, output, 1U, count);
    }
}

void drsn_add_channels_s8(const drsn_add *p, const int8_t *a, const int8_t *b, uint32_t b_step, int8_t *output,
                          uint32_t positions, uint32_t channels)
{
    if (b_step == 0U) {
        const int8_t only = *b; /* the output may lie on b */
        add_rows(p, a, &only, 0U, output, 1U, positions * channels);
    } else {
        add_rows(p, a, b, 1U, output, positions, channels);
    }
}
