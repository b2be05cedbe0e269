/* Runs a generated model over a file of inputs: reads MODEL_INPUT_BYTES at a time from stdin, writes outputs to stdout.
 * Two states take turns and the one that rests is filled with noise: a model that kept anything outside its state,
 * or between calls, would be found out. */
#include <stdio.h>
#include <string.h>

#include "model.h"

static model_state states[2];

int main(void)
{
    uint32_t turn = 0;
    int8_t input[MODEL_INPUT_BYTES];

    while (fread(input, 1, sizeof input, stdin) == sizeof input) {
        model_state *state = &states[turn & 1u];
        memset(&states[(turn + 1u) & 1u], (int)(turn * 37u) & 255, sizeof states[0]);
        memcpy(model_input(state), input, sizeof input);
        model_invoke(state);
        if (fwrite(model_output(state), 1, MODEL_OUTPUT_BYTES, stdout) != MODEL_OUTPUT_BYTES) {
            return 1;
        }
        turn++;
    }
    return 0;
}
