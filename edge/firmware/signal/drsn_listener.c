#include "drsn_listener.h"

#include <stddef.h>
#include <string.h>

void drsn_listener_start(const drsn_listener *p, drsn_listener_state *state, const drsn_listener_memory *memory)
{
    const drsn_front_end *front_end = p->front_end;

    drsn_front_end_start(front_end, &state->front_end, memory->history, memory->scratch);
    drsn_detector_start(p->detector, &state->detector, memory->outputs, memory->sums, memory->armed);
    state->features = memory->features;
    state->model = memory->model;
    for (uint32_t i = 0U; i < p->n_frames; i++) {
        (void)memcpy(&state->features[(size_t)i * front_end->n_features], front_end->silence, front_end->n_features);
    }
    state->oldest = 0U;
    state->frames = 0U;
    state->filled = 0U;
    state->needed = ((p->step_frames - 1U) * front_end->hop_length) + front_end->frame_length;
    state->samples = 0U;
}

/* The ring, oldest frame first, goes through the model and its outputs through the detector. */
static void evaluate(const drsn_listener *p, drsn_listener_state *state, drsn_verdict *verdict)
{
    size_t n_features = p->front_end->n_features;
    size_t older = (size_t)(p->n_frames - state->oldest) * n_features;
    size_t newer = (size_t)state->oldest * n_features;
    int8_t *input = p->model.input(state->model);
    uint32_t shown;

    (void)memcpy(input, &state->features[newer], older);
    (void)memcpy(&input[older], state->features, newer);
    p->model.invoke(state->model);

    state->samples += state->needed;
    state->needed = p->step_frames * p->front_end->hop_length;
    state->filled = 0U;
    state->frames = 0U;

    verdict->detected = drsn_detector_update(p->detector, &state->detector, p->model.output(state->model));
    verdict->best = drsn_detector_best(p->detector, &state->detector);
    shown = (verdict->detected == DRSN_NO_LABEL) ? verdict->best : (uint32_t)verdict->detected;
    verdict->score_q16 = drsn_detector_score_q16(p->detector, &state->detector, shown);
    verdict->end = state->samples;
    verdict->start = (state->samples > p->look_back) ? (state->samples - p->look_back) : 0U;
}

uint32_t drsn_listener_push(const drsn_listener *p, drsn_listener_state *state, const int16_t **samples,
                            uint32_t *count, drsn_verdict *verdict)
{
    size_t n_features = p->front_end->n_features;

    while (*count > 0U) {
        uint32_t before = *count;
        int8_t *frame = &state->features[(size_t)state->oldest * n_features];
        uint32_t complete = drsn_front_end_push(p->front_end, &state->front_end, samples, count, frame, 1U);

        state->filled += before - *count;
        state->frames += complete;
        state->oldest += complete;
        if (state->oldest == p->n_frames) {
            state->oldest = 0U;
        }
        if (state->frames == p->step_frames) {
            evaluate(p, state, verdict);
            return 1U;
        }
    }
    return 0U;
}

uint32_t drsn_listener_tail(const drsn_listener *p, const drsn_listener_state *state)
{
    uint32_t step = p->step_frames * p->front_end->hop_length;
    uint32_t waiting = state->filled + p->tail;
    uint32_t last = state->needed;

    if (waiting == 0U) {
        return 0U;
    }
    while (last < waiting) {
        last += step;
    }
    return last - state->filled;
}
