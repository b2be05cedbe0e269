/* Instructions of the kernels of maps, for 49 positions x 24 channels and 128 x 16. One line each: kernel, shape,
 * elements, instructions. Neither data nor clamps matter to the count but where the portable code branches. */
#include <stdint.h>

#include "board.h"
#include "drsn_kernels.h"

enum { MAP = 2048, CHANNELS = 24 };

static int8_t a[MAP];
static int8_t b[MAP];
static int8_t output[MAP];
static int8_t lower[CHANNELS];
static int8_t upper[CHANNELS];
static int8_t table[256];
static int32_t factors[CHANNELS];
static int32_t offsets[CHANNELS];

enum kernel {
    AFFINE, ADD, ADD_CLAMPED, ADD_CHANNELS, ADD_EXACT, MULTIPLY, MAXIMUM, TABLE, MEAN, SHRINK_MEAN, SHRINK_APPLY,
    SHRINK_ALONE, SHRINK_SCALAR, AVERAGE_POOL, MAX_POOL, SOFTMAX, PAD, MIRROR_PAD, KERNELS
};

static const char *const names[KERNELS] = {
    "affine", "add", "add_clamped", "add_channels", "add_exact", "multiply", "maximum", "table", "mean", "shrink_mean",
    "shrink_apply", "shrink_apply_alone", "shrink_apply_scalar", "average_pool_2x1", "max_pool_2x1", "softmax_12",
    "pad", "mirror_pad"
};

static void run(enum kernel kernel, uint32_t positions, uint32_t channels)
{
    const uint32_t count = positions * channels;
    const drsn_scale scale = {0x5a000000, 6};
    const drsn_add add = {2097152, 1500000, 1048576, 21, -128, 127};
    const drsn_add clamped = {4194304, 1500000, 1048576, 21, -3, 127};
    const drsn_shrink shrink = {{2097152, -2097152, 1048576, 21, -128, 127}, add};
    const drsn_affine affine = {factors, offsets, 22, -128, 127};
    const drsn_add_exact exact = {{0x40000000, 1}, {0x50000000, 2}, {0x60000000, 18}, 0, 0, 0, -128, 127, 0, 0};
    const drsn_multiply multiply = {scale, 3, 4, 5, -128, 127};
    const drsn_mean mean = {scale, 3, 4};
    const drsn_softmax softmax = {0x60000000, 23, -248};
    const uint16_t height = (uint16_t)positions;
    const uint16_t depth = (uint16_t)channels;
    const drsn_pool pool = {{height, 1, depth, (uint16_t)(height / 2U), 1, depth, 2, 1, 2, 1, 1, 1, 0, 0}, -128, 127};
    const drsn_pad pad = {(uint16_t)(height - 2U), 1, depth, {1, 0, 0}, {1, 0, 0}, 0};
    const drsn_mirror_pad mirror_pad = {(uint16_t)(height - 2U), 1, depth, {1, 0}, {1, 0}, 0};
    switch (kernel) {
    case AFFINE: drsn_affine_s8(&affine, a, output, positions, channels); break;
    case ADD: drsn_add_s8(&add, a, b, output, count); break;
    case ADD_CLAMPED: drsn_add_s8(&clamped, a, b, output, count); break;
    case ADD_CHANNELS: drsn_add_channels_s8(&add, a, b, 1, output, positions, channels); break;
    case ADD_EXACT: drsn_add_exact_s8(&exact, a, b, 1, output, positions, channels); break;
    case MULTIPLY: drsn_multiply_s8(&multiply, a, b, 1, output, positions, channels); break;
    case MAXIMUM: drsn_maximum_s8(a, b, 1, output, positions, channels); break;
    case TABLE: drsn_table_s8(table, a, output, count); break;
    case MEAN: drsn_mean_s8(&mean, a, output, positions, channels); break;
    case SHRINK_MEAN: drsn_shrink_mean_s8(&mean, table, a, output, positions, channels); break;
    case SHRINK_APPLY: drsn_shrink_apply_s8(&shrink, a, lower, upper, 1, b, output, positions, channels); break;
    case SHRINK_ALONE: drsn_shrink_apply_s8(&shrink, a, lower, upper, 1, NULL, output, positions, channels); break;
    case SHRINK_SCALAR: drsn_shrink_apply_s8(&shrink, a, lower, upper, 0, b, output, positions, channels); break;
    case AVERAGE_POOL: drsn_average_pool_s8(&pool, a, output); break;
    case MAX_POOL: drsn_max_pool_s8(&pool, a, output); break;
    case SOFTMAX: drsn_softmax_s8(&softmax, a, output, count / 12U, 12); break;
    case PAD: drsn_pad_s8(&pad, a, output); break;
    case MIRROR_PAD: drsn_mirror_pad_s8(&mirror_pad, a, output); break;
    default: break;
    }
}

int main(int argc, char **argv)
{
    static const uint32_t shapes[2][2] = {{49, 24}, {128, 16}};
    (void)argc;
    (void)argv;
    for (uint32_t i = 0U; i < MAP; i++) {
        a[i] = (int8_t)((int32_t)((i * 37U) % 256U) - 128);
        b[i] = (int8_t)((int32_t)((i * 101U) % 256U) - 128);
    }
    for (uint32_t c = 0U; c < CHANNELS; c++) {
        lower[c] = (int8_t)-(int32_t)c;
        upper[c] = (int8_t)c;
        factors[c] = 3000000 + (int32_t)c;
        offsets[c] = (int32_t)c * 4000000;
    }
    for (uint32_t shape = 0U; shape < 2U; shape++) {
        const uint32_t positions = shapes[shape][0];
        const uint32_t channels = shapes[shape][1];
        for (uint32_t kernel = 0U; kernel < (uint32_t)KERNELS; kernel++) {
            /* The count is in steps of a timer: many runs. */
            const uint64_t start = board_instructions();
            for (uint32_t repeat = 0U; repeat < 20U; repeat++) {
                run((enum kernel)kernel, positions, channels);
            }
            const uint64_t used = board_instructions() - start;
            board_write(names[kernel]);
            board_write(" ");
            board_write_number((int64_t)positions);
            board_write("x");
            board_write_number((int64_t)channels);
            board_write(" ");
            board_write_number((int64_t)(positions * channels));
            board_write(" ");
            board_write_number((int64_t)(used / 20U));
            board_write("\n");
        }
    }
    return 0;
}
