/* From a stream of int8 class probabilities to detections: moving average, threshold with hysteresis, refractory time.
 *
 * Decides as drsn_keras.edge.detector does on the same outputs, without a fraction: an average is compared by its sum,
 * and the thresholds are the smallest sums that pass there (found by the generator, which tries all).
 */
#ifndef DRSN_DETECTOR_H
#define DRSN_DETECTOR_H

#include <stdint.h>

typedef struct {
    /* The labels that may fire, ascending; background labels are not among them. */
    const uint16_t *words;
    uint16_t n_words, n_labels;
    /* Evaluations in the average; evaluations after a detection in which nothing fires. */
    uint32_t n_smoothing, n_refractory;
    /* Of n_smoothing outputs less `zero`. */
    int32_t threshold_sum, release_sum;
    /* An output's step, in 2^-31. */
    int32_t scale_q31;
    int8_t zero;
} drsn_detector;

typedef struct {
    int8_t *history;  /* n_smoothing * n_labels */
    int32_t *sums;    /* n_labels: over the history, each output less `zero` */
    uint8_t *armed;   /* n_labels */
    uint32_t oldest;  /* in the history */
    uint32_t filled;  /* evaluations in the history */
    uint32_t since;   /* evaluations since a detection, at most n_refractory */
} drsn_detector_state;

#define DRSN_NO_LABEL (-1)

/* Before the stream. history, sums, armed: as above, the caller's. */
void drsn_detector_start(const drsn_detector *p, drsn_detector_state *state, int8_t *history, int32_t *sums,
                         uint8_t *armed);

/* Takes the outputs of one evaluation; returns the word that fired or DRSN_NO_LABEL. */
int32_t drsn_detector_update(const drsn_detector *p, drsn_detector_state *state, const int8_t *outputs);

/* The label with the highest average, background included; the first of equals. */
uint32_t drsn_detector_best(const drsn_detector *p, const drsn_detector_state *state);

/* A label's average probability in 2^-16, rounded; 0 before the first evaluation. */
int32_t drsn_detector_score_q16(const drsn_detector *p, const drsn_detector_state *state, uint32_t label);

#endif
