/* int8 convolution: the windows of up to DRSN_PIXELS output pixels are copied to scratch memory, padding included, and
 * then multiplied by every output channel. The window's layout and the product are the inner header's. */
#include "fixed_point.h"
#include "kernel_span.h"

#if defined(DRSN_MVE)
#include "conv_inner_mve.h"
#elif defined(DRSN_DSP)
#include "conv_inner_dsp.h"
#else
#include "conv_inner_portable.h"
#endif

/* What the windows of one layer have in common. */
typedef struct {
    const int8_t *input;
    uint32_t row_taps;    /* taps in a row of the kernel */
    uint32_t line;        /* bytes from one row of the map to the next */
    uint32_t columns;     /* a window whose left edge is in 0..columns-1 ... */
    uint32_t rows;        /* ... and whose top edge is in 0..rows-1 lies inside the map */
} drsn_plan;

static drsn_plan drsn_plan_of(const drsn_geometry *g, const int8_t *input)
{
    const uint32_t across = (((uint32_t)g->kernel_width - 1U) * g->dilation_width) + 1U;
    const uint32_t down = (((uint32_t)g->kernel_height - 1U) * g->dilation_height) + 1U;
    drsn_plan plan;
    plan.input = input;
    plan.row_taps = (uint32_t)g->kernel_width * g->in_channels;
    plan.line = (uint32_t)g->in_width * g->in_channels;
    plan.columns = 0U;
    plan.rows = 0U;
    /* Rows of taps are contiguous without dilation only; other windows take the longer way. */
    if ((g->dilation_width == 1U) && (across <= g->in_width) && (down <= g->in_height)) {
        plan.columns = (g->in_width - across) + 1U;
        plan.rows = (g->in_height - down) + 1U;
    }
    return plan;
}

/* Copies a window that lies inside the map. */
static DRSN_APART void drsn_gather_inside(const int8_t *source, uint32_t row_taps, uint32_t step, uint32_t rows,
                                          drsn_patch window)
{
    const int8_t *from = source;
    for (uint32_t n = rows; n > 0U; n--) {
        drsn_patch_copy(&window, from, row_taps);
        from += step;
    }
    drsn_patch_close(&window);
}

/* Copies any window, its upper left corner at (top, left). */
static DRSN_APART void drsn_gather_any(const drsn_conv *p, const drsn_plan *plan, int32_t top, int32_t left,
                                       drsn_patch window)
{
    const drsn_geometry *const g = &p->geometry;
    const uint32_t channels = g->in_channels;
    const uint32_t dilation = g->dilation_width;
    const drsn_span across = drsn_span_inside(left, dilation, g->kernel_width, g->in_width);
    const uint32_t before = across.first * channels;
    const uint32_t inside = across.count * channels;
    const uint32_t behind = plan->row_taps - before - inside;
    const uint32_t x = (uint32_t)left + (across.first * dilation);
    uint32_t y = (uint32_t)top; /* huge above the map */

    for (uint32_t rows = g->kernel_height; rows > 0U; rows--) {
        if ((y >= g->in_height) || (inside == 0U)) {
            drsn_patch_fill(&window, p->input_zero, plan->row_taps);
        } else {
            const int8_t *source = &plan->input[(y * plan->line) + (x * channels)];
            if (before > 0U) {
                drsn_patch_fill(&window, p->input_zero, before);
            }
            if (dilation == 1U) {
                drsn_patch_copy(&window, source, inside);
            } else {
                for (uint32_t n = across.count; n > 0U; n--) {
                    drsn_patch_copy(&window, source, channels);
                    source += dilation * channels;
                }
            }
            if (behind > 0U) {
                drsn_patch_fill(&window, p->input_zero, behind);
            }
        }
        y += g->dilation_height;
    }
    drsn_patch_close(&window);
}

void drsn_conv_s8(const drsn_conv *p, const int8_t *input, int8_t *output, void *scratch)
{
    const drsn_geometry *const g = &p->geometry;
    const uint32_t taps = (uint32_t)g->kernel_height * g->kernel_width * g->in_channels;
    const drsn_plan plan = drsn_plan_of(g, input);
    const int32_t right = ((int32_t)g->out_width * (int32_t)g->stride_width) - (int32_t)g->pad_left;
    int32_t top = -(int32_t)g->pad_top;
    int32_t left = -(int32_t)g->pad_left;
    int8_t *target = output;

    for (uint32_t count = (uint32_t)g->out_height * g->out_width; count > 0U;) {
        const uint32_t pixels = (count < (uint32_t)DRSN_PIXELS) ? count : (uint32_t)DRSN_PIXELS;
        for (uint32_t pixel = 0U; pixel < pixels; pixel++) {
            const drsn_patch window = drsn_patch_open(scratch, taps, pixel);
            if (((uint32_t)top < plan.rows) && ((uint32_t)left < plan.columns)) {
                drsn_gather_inside(&input[((uint32_t)top * plan.line) + ((uint32_t)left * g->in_channels)],
                                   plan.row_taps, plan.line * g->dilation_height, g->kernel_height, window);
            } else {
                drsn_gather_any(p, &plan, top, left, window);
            }
            left += (int32_t)g->stride_width;
            if (left == right) {
                left = -(int32_t)g->pad_left;
                top += (int32_t)g->stride_height;
            }
        }
        drsn_conv_block(p, scratch, taps, pixels, target);
        target += pixels * g->out_channels;
        count -= pixels;
    }
}
