#include "drsn_detector.h"

#include <stddef.h>
#include <string.h>

void drsn_detector_start(const drsn_detector *p, drsn_detector_state *state, int8_t *history, int32_t *sums,
                         uint8_t *armed)
{
    state->history = history;
    state->sums = sums;
    state->armed = armed;
    state->oldest = 0U;
    state->filled = 0U;
    state->since = p->n_refractory;
    (void)memset(sums, 0, (size_t)p->n_labels * sizeof(int32_t));
    (void)memset(armed, 1, p->n_labels);
}

/* The new outputs take the place of the oldest ones. */
static void average(const drsn_detector *p, drsn_detector_state *state, const int8_t *outputs)
{
    int8_t *place = &state->history[(size_t)state->oldest * p->n_labels];

    for (uint32_t i = 0U; i < p->n_labels; i++) {
        int32_t leaves = (state->filled == p->n_smoothing) ? ((int32_t)place[i] - p->zero) : 0;
        state->sums[i] += (int32_t)outputs[i] - p->zero - leaves;
        place[i] = outputs[i];
    }
    if (state->filled < p->n_smoothing) {
        state->filled++;
    }
    state->oldest++;
    if (state->oldest == p->n_smoothing) {
        state->oldest = 0U;
    }
}

int32_t drsn_detector_update(const drsn_detector *p, drsn_detector_state *state, const int8_t *outputs)
{
    uint32_t candidate = p->words[0];

    average(p, state, outputs);
    if (state->since < p->n_refractory) {
        state->since++;
    }
    if (state->filled < p->n_smoothing) {
        /* All words are still armed, and nothing may fire. */
        return DRSN_NO_LABEL;
    }
    for (uint32_t i = 0U; i < p->n_labels; i++) {
        if (state->sums[i] < p->release_sum) {
            state->armed[i] = 1U;
        }
    }
    for (uint32_t i = 1U; i < p->n_words; i++) {
        if (state->sums[p->words[i]] > state->sums[candidate]) {
            candidate = p->words[i];
        }
    }
    if ((state->since < p->n_refractory) || (state->armed[candidate] == 0U) ||
        (state->sums[candidate] < p->threshold_sum)) {
        return DRSN_NO_LABEL;
    }
    state->armed[candidate] = 0U;
    state->since = 0U;
    return (int32_t)candidate;
}

uint32_t drsn_detector_best(const drsn_detector *p, const drsn_detector_state *state)
{
    uint32_t best = 0U;

    for (uint32_t i = 1U; i < p->n_labels; i++) {
        if (state->sums[i] > state->sums[best]) {
            best = i;
        }
    }
    return best;
}

int32_t drsn_detector_score_q16(const drsn_detector *p, const drsn_detector_state *state, uint32_t label)
{
    int64_t scaled = (int64_t)state->sums[label] * p->scale_q31;
    int64_t divisor = (int64_t)state->filled << 15;
    int64_t half = (scaled < 0) ? -(divisor / 2) : (divisor / 2);

    return (divisor == 0) ? 0 : (int32_t)((scaled + half) / divisor);
}
