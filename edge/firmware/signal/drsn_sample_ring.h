/* The last samples of a stream, and when a frame of them is complete. */
#ifndef DRSN_SAMPLE_RING_H
#define DRSN_SAMPLE_RING_H

#include <stdint.h>

typedef struct {
    int16_t *samples; /* `length` of them, the caller's */
    uint32_t length;
    uint32_t oldest;  /* where the next sample goes, and where a complete frame begins */
    uint32_t missing; /* samples until the next frame is complete */
} drsn_sample_ring;

/* Before the stream. */
void drsn_sample_ring_start(drsn_sample_ring *ring, int16_t *samples, uint32_t length);

/* Takes samples until a frame is complete (returns 1) or none are left (returns 0), and moves *samples and *count on.
 * The frame after this one is complete `hop` samples later. *samples may be NULL: silence. */
uint32_t drsn_sample_ring_take(drsn_sample_ring *ring, uint32_t hop, const int16_t **samples, uint32_t *count);

#endif
