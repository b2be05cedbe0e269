/* Runs a generated model over a file of inputs and says what it cost: measure INPUTS OUTPUTS
 *
 * Prints "inputs N", "instructions N" (of all calls of model_invoke together) and "stack N" (bytes, of the deepest call); with
 * -DDRSN_PROFILE also "step I N", the instructions of each step of the first call. */
#include <string.h>

#include "board.h"
#include "model.h"

static model_state state;

#ifdef DRSN_PROFILE
extern void drsn_profile(uint32_t step);

static uint64_t marks[MODEL_STEPS + 1u];

/* Only the first call is written down. */
void drsn_profile(uint32_t step)
{
    if (marks[step] == 0u) {
        marks[step] = board_instructions();
    }
}
#endif

static void say(const char *what, uint64_t number)
{
    board_write(what);
    board_write(" ");
    board_write_number((int64_t)number);
    board_write("\n");
}

int main(int argc, char **argv)
{
    int32_t inputs;
    int32_t outputs;
    uint64_t instructions = 0u;
    uint64_t count = 0u;
    uint32_t stack = 0u;

    if (argc != 3) {
        board_write("usage: measure INPUTS OUTPUTS\n");
        return 2;
    }
    inputs = board_open(argv[1]);
    outputs = board_create(argv[2]);
    if ((inputs < 0) || (outputs < 0)) {
        board_write("cannot open the files\n");
        return 1;
    }
#if MODEL_STATES > 0
    model_reset(&state);
#endif
    while (board_read(inputs, model_input(&state), MODEL_INPUT_BYTES) == MODEL_INPUT_BYTES) {
        uint64_t before;
        uint32_t deep;

        board_stack_paint();
        before = board_instructions();
        model_invoke(&state);
        instructions += board_instructions() - before;
        deep = board_stack_high_water();
        stack = (deep > stack) ? deep : stack;
        if (board_write_bytes(outputs, model_output(&state), MODEL_OUTPUT_BYTES) != MODEL_OUTPUT_BYTES) {
            board_write("cannot write the outputs\n");
            return 1;
        }
        count++;
    }
    board_close(inputs);
    board_close(outputs);
    say("inputs", count);
    say("instructions", instructions);
    say("stack", stack);
#ifdef DRSN_PROFILE
    for (uint32_t step = 0u; step < MODEL_STEPS; step++) {
        board_write("step ");
        board_write_number((int64_t)step);
        say("", marks[step + 1u] - marks[step]);
    }
#endif
    return 0;
}
