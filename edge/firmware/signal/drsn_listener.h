/* Samples in, verdicts out: front end, feature ring, model and detector in a row, on the schedule of
 * drsn_keras.edge.listener.
 */
#ifndef DRSN_LISTENER_H
#define DRSN_LISTENER_H

#include <stdint.h>

#include "drsn_detector.h"
#include "drsn_front_end.h"

/* A model behind three calls; `memory` is what it works in. The outputs stay valid until the next call. */
typedef struct {
    int8_t *(*input)(void *memory);
    void (*invoke)(void *memory);
    const int8_t *(*output)(void *memory);
} drsn_model_calls;

typedef struct {
    const drsn_front_end *front_end;
    const drsn_detector *detector;
    drsn_model_calls model;
    uint32_t sample_rate_hz;
    uint32_t n_frames;      /* that the model looks at; of a model with a past of its own those of a step */
    uint32_t step_frames;   /* between evaluations */
    uint32_t look_back;     /* samples that the averaged evaluations looked at */
    uint32_t tail;          /* samples of silence that end a stream */
} drsn_listener;

/* Everything that the caller lends, and may not touch until the stream has ended. */
typedef struct {
    int16_t *history;       /* front_end->frame_length */
    drsn_bin *scratch;      /* see drsn_front_end.h; used only inside a call, never while the model runs: it may lie
                             * over the model's memory, unless the model keeps its past there */
    int8_t *features;       /* n_frames * n_features */
    int8_t *outputs;        /* detector->n_smoothing * n_labels */
    int32_t *sums;          /* n_labels */
    uint8_t *armed;         /* n_labels */
    void *model;            /* what the model's calls are given */
} drsn_listener_memory;

typedef struct {
    drsn_front_end_state front_end;
    drsn_detector_state detector;
    int8_t *features;
    void *model;
    uint32_t oldest;        /* frame of the ring */
    uint32_t frames;        /* complete since the last evaluation */
    uint32_t filled;        /* samples since the last evaluation */
    uint32_t needed;        /* samples from that evaluation to the next one */
    uint64_t samples;       /* of the stream up to the last evaluation */
} drsn_listener_state;

/* One evaluation of the model. */
typedef struct {
    uint64_t end;           /* samples of the stream up to here */
    uint64_t start;         /* what was averaged begins here */
    int32_t detected;       /* the word that fired, or DRSN_NO_LABEL */
    uint32_t best;          /* the label with the highest average, background included */
    int32_t score_q16;      /* average of `detected`, else of `best`, in 2^-16 */
} drsn_verdict;

/* Before a stream: time is 0, digital silence went before. A model that keeps its past is reset by the caller. */
void drsn_listener_start(const drsn_listener *p, drsn_listener_state *state, const drsn_listener_memory *memory);

/* Takes samples until the model has been evaluated (returns 1) or none are left (returns 0); moves *samples and *count
 * on. Call until it returns 0. *samples NULL: silence. */
uint32_t drsn_listener_push(const drsn_listener *p, drsn_listener_state *state, const int16_t **samples,
                            uint32_t *count, drsn_verdict *verdict);

/* Samples of silence that end the stream at an evaluation: push them with *samples NULL, then start anew. */
uint32_t drsn_listener_tail(const drsn_listener *p, const drsn_listener_state *state);

#endif
