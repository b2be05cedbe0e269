/* Average and maximum pooling. */
#include "fixed_point.h"

/* What of the kernel lies on the map, along one axis: taps from first on, `count` of them, at input index `at`. */
typedef struct {
    uint32_t at;
    uint32_t count;
} span;

static inline span taps_inside(uint32_t output_index, uint32_t stride, uint32_t pad, uint32_t kernel, uint32_t size)
{
    const int32_t origin = (int32_t)(output_index * stride) - (int32_t)pad;
    const int32_t first = (origin < 0) ? 0 : origin;
    const int32_t behind = origin + (int32_t)kernel;
    const int32_t last = (behind > (int32_t)size) ? (int32_t)size : behind;
    const span inside = {(uint32_t)first, (uint32_t)(last - first)};
    return inside;
}

static inline int32_t average_of(const int8_t *from, uint32_t rows, uint32_t columns, uint32_t row_step,
                                 uint32_t channels)
{
    const int32_t taps = (int32_t)(rows * columns);
    int32_t sum = 0;
    for (uint32_t row = 0U; row < rows; row++) {
        for (uint32_t column = 0U; column < columns; column++) {
            sum += from[(row * row_step) + (column * channels)];
        }
    }
    return (sum > 0) ? ((sum + (taps / 2)) / taps) : ((sum - (taps / 2)) / taps);
}

static inline int32_t maximum_of(const int8_t *from, uint32_t rows, uint32_t columns, uint32_t row_step,
                                 uint32_t channels)
{
    int32_t largest = -128;
    for (uint32_t row = 0U; row < rows; row++) {
        for (uint32_t column = 0U; column < columns; column++) {
            const int32_t value = from[(row * row_step) + (column * channels)];
            largest = (value > largest) ? value : largest;
        }
    }
    return largest;
}

/* `average` is a constant to the compiler: one loop for each value. */
static inline void pool(const drsn_pool *p, const int8_t *input, int8_t *output, uint8_t average)
{
    const drsn_geometry *const g = &p->geometry;
    const uint32_t channels = g->in_channels;
    const uint32_t row_step = (uint32_t)g->in_width * channels;
    int8_t *to = output;
    for (uint32_t y = 0U; y < g->out_height; y++) {
        const span rows = taps_inside(y, g->stride_height, g->pad_top, g->kernel_height, g->in_height);
        for (uint32_t x = 0U; x < g->out_width; x++) {
            const span columns = taps_inside(x, g->stride_width, g->pad_left, g->kernel_width, g->in_width);
            const int8_t *const from = &input[(rows.at * row_step) + (columns.at * channels)];
            for (uint32_t c = 0U; c < channels; c++) {
                const int32_t value = (average != 0U)
                    ? average_of(&from[c], rows.count, columns.count, row_step, channels)
                    : maximum_of(&from[c], rows.count, columns.count, row_step, channels);
                to[c] = (int8_t)drsn_clamp(value, p->low, p->high);
            }
            to = &to[channels];
        }
    }
}

void drsn_average_pool_s8(const drsn_pool *p, const int8_t *input, int8_t *output)
{
    pool(p, input, output, 1U);
}

void drsn_max_pool_s8(const drsn_pool *p, const int8_t *input, int8_t *output)
{
    pool(p, input, output, 0U);
}
