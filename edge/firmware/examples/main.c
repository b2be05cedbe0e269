/* Runs the model: main [INPUTS]
 *
 * INPUTS is a file of int8 inputs, MODEL_INPUT_BYTES each, steps of one stream where the model has states; without it the
 * input is zero. Prints a line for each output, then the best of them. */
#include <stddef.h>
#include <string.h>

#include "board.h"
#include "model.h"
#include "print.h"

static model_state state;

static void print_label(uint32_t output)
{
#if MODEL_LABELS > 0
    board_write(model_labels[output]);
#else
    board_write("output ");
    board_write_number(output);
#endif
}

static void print_outputs(const int8_t *outputs)
{
    uint32_t best = 0u;
    for (uint32_t i = 0u; i < MODEL_OUTPUT_BYTES; i++) {
        const int64_t q31 = ((int64_t)outputs[i] - MODEL_OUTPUT_ZERO) * MODEL_OUTPUT_SCALE_Q31;
        print_label(i);
        board_write("  ");
        const int64_t whole = q31 / INT64_C(0x80000000);
        const int64_t rest = ((q31 % INT64_C(0x80000000)) * 10000) + ((q31 < 0) ? -0x40000000 : 0x40000000);
        print_fixed((whole * 10000) + (rest / INT64_C(0x80000000)), 4u);
        board_write("\n");
        best = (outputs[i] > outputs[best]) ? i : best;
    }
    board_write("best: ");
    print_label(best);
    board_write("\n");
}

static void infer(void)
{
    const uint64_t before = board_instructions();
    model_invoke(&state);
    const uint64_t after = board_instructions();
    print_outputs(model_output(&state));
    if (after != 0u) { /* The host does not count. */
        board_write("# instructions ");
        board_write_number((int64_t)(after - before));
        board_write("\n");
    }
}

int main(int argc, char **argv)
{
#if MODEL_STATES > 0
    model_reset(&state);
#endif
    if (argc < 2) {
        (void)memset(model_input(&state), MODEL_INPUT_ZERO, MODEL_INPUT_BYTES);
        infer();
        return 0;
    }
    const int32_t file = board_open(argv[1]);
    if (file < 0) {
        board_write(argv[1]);
        board_write(": cannot be opened\n");
        return 1;
    }
    uint32_t got = board_read(file, model_input(&state), MODEL_INPUT_BYTES);
    if (got == 0u) {
        board_close(file);
        board_write(argv[1]);
        board_write(": empty\n");
        return 1;
    }
    while (got == MODEL_INPUT_BYTES) {
        infer();
        got = board_read(file, model_input(&state), MODEL_INPUT_BYTES);
    }
    board_close(file);
    if (got != 0u) {
        board_write(argv[1]);
        board_write(": ends within an input\n");
        return 1;
    }
    return 0;
}
