/* Shrinkage, second pass: soft thresholding x - min(max(x, -tau), tau) and the residual's sum in one go. */
#include "sum_s8.h"

#if defined(DRSN_MVE)
#include "shrink_step_mve.h"
#elif defined(DRSN_DSP)
#include "shrink_step_dsp.h"
#endif

/* `width` channels from `c` on of rows of `channels`. Where tau_step and with_residual are constants, so is the loop's
 * shape. */
static DRSN_INLINE void shrink_plain(const drsn_shrink *p, const int8_t *x, const int8_t *minus_tau, const int8_t *tau,
                                     uint32_t tau_step, const int8_t *residual, uint8_t with_residual, int8_t *output,
                                     uint32_t positions, uint32_t channels, uint32_t c, uint32_t width)
{
    const drsn_shrink constants = *p; /* in registers: the output could alias *p */
    for (uint32_t row = c; row < (positions * channels); row += channels) {
        for (uint32_t k = 0U; k < width; k++) {
            const int32_t value = x[row + k];
            const int32_t lower = minus_tau[(c + k) * tau_step];
            const int32_t upper = tau[(c + k) * tau_step];
            const int32_t raised = (value > lower) ? value : lower;
            int32_t y = drsn_sum(&constants.subtract, value, (raised < upper) ? raised : upper);
            if (with_residual != 0U) {
                y = drsn_sum(&constants.add, y, residual[row + k]);
            }
            output[row + k] = (int8_t)y;
        }
    }
}

#ifdef SHRINK_STEP

/* What the fast form leaves: few elements, in little code. */
static void shrink_rest(const drsn_shrink *p, const int8_t *x, const int8_t *minus_tau, const int8_t *tau,
                        uint32_t tau_step, const int8_t *residual, int8_t *output, uint32_t positions,
                        uint32_t channels, uint32_t c)
{
    if (c < channels) {
        const uint8_t with_residual = (residual != NULL) ? 1U : 0U;
        shrink_plain(p, x, minus_tau, tau, tau_step, residual, with_residual, output, positions, channels, c,
                     channels - c);
    }
}

void drsn_shrink_apply_s8(const drsn_shrink *p, const int8_t *x, const int8_t *minus_tau, const int8_t *tau,
                          uint32_t tau_step, const int8_t *residual, int8_t *output, uint32_t positions,
                          uint32_t channels)
{
    /* With one threshold for all, the map is one of SHRINK_STEP channels, and a rest in a row of its own. */
    const uint32_t count = positions * channels;
    const uint32_t width = (tau_step != 0U) ? channels : SHRINK_STEP;
    const uint32_t rows = (tau_step != 0U) ? positions : (count / SHRINK_STEP);
    fast_shrink fast;
    uint32_t c = 0U;
    if ((rows != 0U) && (prepare_shrink(p, (residual != NULL) ? 1U : 0U, &fast) != 0U)) {
        for (; (c + SHRINK_STEP) <= width; c += SHRINK_STEP) {
            const thresholds lower = load_thresholds(&minus_tau[c], tau_step);
            const thresholds upper = load_thresholds(&tau[c], tau_step);
            shrink_block(p, &fast, &x[c], lower, upper, (residual != NULL) ? &residual[c] : NULL, &output[c], rows,
                         width);
        }
    }
    if (tau_step != 0U) {
        shrink_rest(p, x, minus_tau, tau, 1U, residual, output, positions, channels, c);
    } else {
        shrink_rest(p, x, minus_tau, tau, 0U, residual, output, 1U, count, (c != 0U) ? (rows * SHRINK_STEP) : 0U);
    }
}

#else

void drsn_shrink_apply_s8(const drsn_shrink *p, const int8_t *x, const int8_t *minus_tau, const int8_t *tau,
                          uint32_t tau_step, const int8_t *residual, int8_t *output, uint32_t positions,
                          uint32_t channels)
{
    const uint32_t count = positions * channels;
    if ((tau_step != 0U) && (residual != NULL)) {
        shrink_plain(p, x, minus_tau, tau, 1U, residual, 1U, output, positions, channels, 0U, channels);
    } else if (tau_step != 0U) {
        shrink_plain(p, x, minus_tau, tau, 1U, NULL, 0U, output, positions, channels, 0U, channels);
    } else if (residual != NULL) {
        shrink_plain(p, x, minus_tau, tau, 0U, residual, 1U, output, 1U, count, 0U, count);
    } else {
        shrink_plain(p, x, minus_tau, tau, 0U, NULL, 0U, output, 1U, count, 0U, count);
    }
}

#endif
