/* Which of a kernel's positions along one axis lie inside the map. */
#ifndef DRSN_KERNEL_SPAN_H
#define DRSN_KERNEL_SPAN_H

#include <stdint.h>

typedef struct {
    uint32_t first; /* first position inside */
    uint32_t count; /* positions inside; all the rest are padding */
} drsn_span;

/* Positions 0..count-1 lie `step` apart from `origin`; inside is 0..size-1. */
static inline drsn_span drsn_span_inside(int32_t origin, uint32_t step, uint32_t count, uint32_t size)
{
    drsn_span span = {0U, count};
    int32_t position = origin;
    int32_t last;
    while ((span.count > 0U) && (position < 0)) {
        position += (int32_t)step;
        span.first++;
        span.count--;
    }
    last = position + ((int32_t)(span.count * step) - (int32_t)step);
    while ((span.count > 0U) && (last >= (int32_t)size)) {
        last -= (int32_t)step;
        span.count--;
    }
    return span;
}

#endif
