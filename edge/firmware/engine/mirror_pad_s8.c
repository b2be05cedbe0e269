/* A mirrored border along height and width. */
#include "drsn_kernels.h"

#include <string.h>

/* The position that stands at `at`, counted from the map's first, before and behind the map. */
static uint32_t mirrored(int32_t at, int32_t side, int32_t edge)
{
    int32_t from = at;
    if (at < 0) {
        from = -at - edge;
    } else if (at >= side) {
        from = ((2 * side) - 2) + edge - at;
    }
    return (uint32_t)from;
}

void drsn_mirror_pad_s8(const drsn_mirror_pad *p, const int8_t *input, int8_t *output)
{
    const uint32_t channels = p->channels;
    const int32_t height = (int32_t)p->height;
    const int32_t width = (int32_t)p->width;
    const int32_t edge = (int32_t)p->edge;
    int8_t *to = output;
    for (int32_t y = -(int32_t)p->before[0]; y < (height + (int32_t)p->after[0]); y++) {
        const int8_t *const row = &input[mirrored(y, height, edge) * p->width * channels];
        for (int32_t x = -(int32_t)p->before[1]; x < 0; x++) {
            (void)memcpy(to, &row[mirrored(x, width, edge) * channels], channels);
            to = &to[channels];
        }
        (void)memcpy(to, row, p->width * channels);
        to = &to[p->width * channels];
        for (int32_t x = width; x < (width + (int32_t)p->after[1]); x++) {
            (void)memcpy(to, &row[mirrored(x, width, edge) * channels], channels);
            to = &to[channels];
        }
    }
}
