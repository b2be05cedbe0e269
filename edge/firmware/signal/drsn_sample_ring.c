#include "drsn_sample_ring.h"

#include <stddef.h>
#include <string.h>

void drsn_sample_ring_start(drsn_sample_ring *ring, int16_t *samples, uint32_t length)
{
    ring->samples = samples;
    ring->length = length;
    ring->oldest = 0U;
    ring->missing = length;
}

uint32_t drsn_sample_ring_take(drsn_sample_ring *ring, uint32_t hop, const int16_t **samples, uint32_t *count)
{
    while ((*count > 0U) && (ring->missing > 0U)) {
        uint32_t part = ring->length - ring->oldest;
        if (part > ring->missing) {
            part = ring->missing;
        }
        if (part > *count) {
            part = *count;
        }
        if (*samples != NULL) {
            (void)memcpy(&ring->samples[ring->oldest], *samples, (size_t)part * sizeof(int16_t));
            *samples += part;
        } else {
            (void)memset(&ring->samples[ring->oldest], 0, (size_t)part * sizeof(int16_t));
        }
        *count -= part;
        ring->missing -= part;
        ring->oldest += part;
        if (ring->oldest == ring->length) {
            ring->oldest = 0U;
        }
    }
    if (ring->missing > 0U) {
        return 0U;
    }
    ring->missing = hop;
    return 1U;
}
