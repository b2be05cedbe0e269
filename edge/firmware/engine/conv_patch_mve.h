/* What conv_s8 multiplies, for MVE (Cortex-M55): windows as int8, zeros behind them up to a multiple of sixteen taps,
 * so that weights read beyond the end of a channel count nothing. VLD2 takes a pair of channels' weights apart; of two
 * windows, sixteen taps take turns. */
#ifndef DRSN_CONV_PATCH_MVE_H
#define DRSN_CONV_PATCH_MVE_H

#include "fixed_point.h"

/* Bytes from one group of sixteen taps of a pixel to its next. */
#define DRSN_GROUP_STEP 32U

typedef struct {
    int8_t *next;     /* where the next tap goes */
    uint32_t filled;  /* taps in this group of sixteen */
} drsn_patch;

static inline drsn_patch drsn_patch_open(void *scratch, uint32_t taps, uint32_t pixel)
{
    drsn_patch window;
    (void)taps;
    window.next = &((int8_t *)scratch)[pixel * 16U];
    window.filled = 0U;
    return window;
}

/* Moves on by `count` taps, at most to the end of the group. */
static inline void drsn_patch_advance(drsn_patch *window, uint32_t count)
{
    window->next += count;
    window->filled += count;
    if (window->filled == 16U) {
        window->next += DRSN_GROUP_STEP - 16U;
        window->filled = 0U;
    }
}

static inline void drsn_patch_copy(drsn_patch *window, const int8_t *source, uint32_t count)
{
    const int8_t *from = source;
    uint32_t left = count;
    if (window->filled == 0U) {
        while (left >= 16U) {
            vstrbq_s8(window->next, vldrbq_s8(from));
            window->next += DRSN_GROUP_STEP;
            from += 16;
            left -= 16U;
        }
    }
    while (left > 0U) {
        const uint32_t room = 16U - window->filled;
        const uint32_t part = (left < room) ? left : room;
        const mve_pred16_t lanes = vctp8q(part);
        vstrbq_p_s8(window->next, vldrbq_z_s8(from, lanes), lanes);
        drsn_patch_advance(window, part);
        from += part;
        left -= part;
    }
}

static inline void drsn_patch_fill(drsn_patch *window, int8_t value, uint32_t count)
{
    const int8x16_t values = vdupq_n_s8(value);
    uint32_t left = count;
    while (left > 0U) {
        const uint32_t room = 16U - window->filled;
        const uint32_t part = (left < room) ? left : room;
        vstrbq_p_s8(window->next, values, vctp8q(part));
        drsn_patch_advance(window, part);
        left -= part;
    }
}

static inline void drsn_patch_close(drsn_patch *window)
{
    if (window->filled != 0U) {
        vstrbq_p_s8(window->next, vdupq_n_s8(0), vctp8q(16U - window->filled));
    }
}

#endif
