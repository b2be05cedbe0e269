/* Constant padding along height, width and channels. */
#include "drsn_kernels.h"

#include <string.h>

static int8_t *fill(int8_t *to, int8_t value, uint32_t count)
{
    (void)memset(to, value, count);
    return &to[count];
}

void drsn_pad_s8(const drsn_pad *p, const int8_t *input, int8_t *output)
{
    const uint32_t channels = (uint32_t)p->before[2] + p->channels + p->after[2];
    const uint32_t row = ((uint32_t)p->before[1] + p->width + p->after[1]) * channels;
    const int8_t *from = input;
    int8_t *to = fill(output, p->value, p->before[0] * row);
    for (uint32_t y = 0U; y < p->height; y++) {
        to = fill(to, p->value, p->before[1] * channels);
        for (uint32_t x = 0U; x < p->width; x++) {
            to = fill(to, p->value, p->before[2]);
            (void)memcpy(to, from, p->channels);
            from = &from[p->channels];
            to = fill(&to[p->channels], p->value, p->after[2]);
        }
        to = fill(to, p->value, p->after[1] * channels);
    }
    (void)fill(to, p->value, p->after[0] * row);
}
