/* What conv_s8 multiplies, for the DSP extension (Cortex-M4, M7).
 *
 * Windows are held as int16: four taps t0..t3 of one pixel are the words (t0, t2) and (t1, t3), which is what SXTB16
 * makes of four bytes; the weights are widened likewise, so that SMLAD multiplies two taps at once. Of two pixels,
 * groups of four taps take turns: one LDM fetches both. */
#ifndef DRSN_CONV_PATCH_DSP_H
#define DRSN_CONV_PATCH_DSP_H

#include "fixed_point.h"

/* Words from one group of four taps of a pixel to its next. */
#define DRSN_GROUP_STEP 4U

typedef struct {
    uint32_t *group; /* where the next four taps go, two words */
    uint32_t filled; /* taps in *group so far: 0..3 */
} drsn_patch;

static inline uint32_t drsn_even_bytes(uint32_t quad)
{
    uint32_t pair;
    __asm__("sxtb16 %0, %1" : "=r"(pair) : "r"(quad));
    return pair;
}

static inline uint32_t drsn_odd_bytes(uint32_t quad)
{
    uint32_t pair;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(pair) : "r"(quad));
    return pair;
}

static inline int32_t drsn_smlad(uint32_t a, uint32_t b, int32_t sum)
{
    int32_t result;
    __asm__("smlad %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
    return result;
}

static inline drsn_patch drsn_patch_open(void *scratch, uint32_t taps, uint32_t pixel)
{
    drsn_patch window;
    (void)taps;
    window.group = &((uint32_t *)scratch)[pixel * 2U];
    window.filled = 0U;
    return window;
}

/* Taps that do not go by four: rows of a kernel that start or end within a group. */
static DRSN_APART void drsn_patch_taps(drsn_patch *window, const int8_t *source, uint32_t count)
{
    for (uint32_t i = 0U; i < count; i++) {
        const int16_t wide = source[i];
        uint8_t *const bytes = (uint8_t *)window->group;
        (void)memcpy(&bytes[((window->filled & 1U) * 4U) + ((window->filled >> 1) * 2U)], &wide, sizeof(wide));
        window->filled++;
        if (window->filled == 4U) {
            window->filled = 0U;
            window->group += DRSN_GROUP_STEP;
        }
    }
}

/* Four bytes to a group. */
#define DRSN_WIDEN                                     \
    "ldr %[quad], [%[from]], #4\n\t"                   \
    "sxtb16 %[even], %[quad]\n\t"                      \
    "sxtb16 %[quad], %[quad], ror #8\n\t"              \
    "strd %[even], %[quad], [%[group]], #16\n\t"
#define DRSN_WIDEN_OPERANDS                                                                        \
    : [from] "+&r"(from), [group] "+&r"(group), [quad] "=&r"(quad), [even] "=&r"(even)             \
    :                                                                                              \
    : "memory"

static inline void drsn_patch_copy(drsn_patch *window, const int8_t *source, uint32_t count)
{
    const int8_t *from = source;
    uint32_t left = count;
    if (window->filled == 0U) {
        uint32_t *group = window->group;
        const int8_t *const end = &source[count & ~(uint32_t)3U];
        const int8_t *const unrolled_end = &source[count & ~(uint32_t)15U];
        uint32_t quad;
        uint32_t even;
        while (from != unrolled_end) {
            __asm__ volatile(DRSN_WIDEN DRSN_WIDEN DRSN_WIDEN DRSN_WIDEN DRSN_WIDEN_OPERANDS);
        }
        while (from != end) {
            __asm__ volatile(DRSN_WIDEN DRSN_WIDEN_OPERANDS);
        }
        window->group = group;
        left &= 3U;
    }
    if (left > 0U) {
        drsn_patch_taps(window, from, left);
    }
}

static inline void drsn_patch_fill(drsn_patch *window, int8_t value, uint32_t count)
{
    uint32_t left = count;
    if (window->filled == 0U) {
        const uint32_t pair = ((uint32_t)(int32_t)value & 0xffffU) * 0x10001U;
        while (left >= 4U) {
            window->group[0] = pair;
            window->group[1] = pair;
            window->group += DRSN_GROUP_STEP;
            left -= 4U;
        }
    }
    while (left > 0U) {
        drsn_patch_taps(window, &value, 1U);
        left--;
    }
}

static inline void drsn_patch_close(drsn_patch *window)
{
    const int8_t none = 0;
    while (window->filled != 0U) {
        drsn_patch_taps(window, &none, 1U);
    }
}

#endif
