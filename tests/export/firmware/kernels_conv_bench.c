/* Instructions of drsn_conv_s8 and drsn_depthwise_s8 for five typical layers, one line each: name, multiplications,
 * instructions. Data do not matter to the count. */
#include <stdint.h>

#include "board.h"
#include "drsn_kernels.h"

enum { MAP = 16384, WEIGHTS = 16384, CHANNELS = 64 };

static int8_t input_map[MAP];
static int8_t output_map[MAP];
static int32_t weights[WEIGHTS / 4];
static int32_t bias[CHANNELS];
static drsn_scale scales[CHANNELS];
static int32_t scratch[DRSN_CONV_SCRATCH(1024) / 4];

typedef struct {
    const char *name;
    uint8_t depthwise;
    drsn_geometry geometry;
} layer;

static const layer layers[] = {
    {"pointwise_64_64", 0U, {25, 5, 64, 25, 5, 64, 1, 1, 1, 1, 1, 1, 0, 0}},
    {"conv_10x4x1_64", 0U, {49, 10, 1, 25, 5, 64, 10, 4, 2, 2, 1, 1, 4, 1}},
    {"conv_1x3_32_32", 0U, {1, 64, 32, 1, 64, 32, 1, 3, 1, 1, 1, 1, 0, 1}},
    {"conv_1x9_24_24", 0U, {1, 49, 24, 1, 49, 24, 1, 9, 1, 1, 1, 1, 0, 4}},
    {"conv_1x3_16_16", 0U, {1, 256, 16, 1, 256, 16, 1, 3, 1, 1, 1, 1, 0, 1}},
    {"depthwise_3x3_64", 1U, {25, 5, 64, 25, 5, 64, 3, 3, 1, 1, 1, 1, 1, 1}},
    {"dense_64_12", 0U, {1, 1, 64, 1, 1, 12, 1, 1, 1, 1, 1, 1, 0, 0}},
};

static uint64_t run(const layer *l)
{
    uint64_t start;
    if (l->depthwise != 0U) {
        drsn_depthwise p = {l->geometry, (const int8_t *)weights, bias, scales, -128, -128, -128, 127, 0, 1};
        start = board_instructions();
        drsn_depthwise_s8(&p, input_map, output_map);
    } else {
        drsn_conv p = {l->geometry, (const int8_t *)weights, bias, scales, -128, -128, -128, 127, 0};
        start = board_instructions();
        drsn_conv_s8(&p, input_map, output_map, scratch);
    }
    return board_instructions() - start;
}

int main(void)
{
    for (uint32_t c = 0U; c < (uint32_t)CHANNELS; c++) {
        scales[c].multiplier = 0x60000000;
        scales[c].right_shift = 8;
    }
    for (uint32_t i = 0U; i < (uint32_t)(sizeof(layers) / sizeof(layers[0])); i++) {
        const drsn_geometry *g = &layers[i].geometry;
        const uint32_t taps = (uint32_t)g->kernel_height * g->kernel_width *
                              ((layers[i].depthwise != 0U) ? 1U : (uint32_t)g->in_channels);
        board_write(layers[i].name);
        board_write(" ");
        board_write_number((int64_t)taps * g->out_height * g->out_width * g->out_channels);
        board_write(" ");
        board_write_number((int64_t)run(&layers[i]));
        board_write("\n");
    }
    return 0;
}
