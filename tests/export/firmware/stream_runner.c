/* Runs a generated model that has states over a stream of inputs from stdin, twice, each time from a reset: the second
 * run must repeat the first, whatever the memory held. The input's memory is spoiled after every call. */
#include <stdio.h>
#include <string.h>

#include "model.h"

static model_state state;
static int8_t inputs[1u << 16];
static int8_t outputs[2][1u << 16];

int main(void)
{
    const size_t steps = fread(inputs, 1, sizeof inputs, stdin) / MODEL_INPUT_BYTES;

    for (int run = 0; run < 2; run++) {
        memset(&state, run ? 85 : -86, sizeof state);
        model_reset(&state);
        for (size_t i = 0; i < steps; i++) {
            memcpy(model_input(&state), &inputs[i * MODEL_INPUT_BYTES], MODEL_INPUT_BYTES);
            model_invoke(&state);
            memcpy(&outputs[run][i * MODEL_OUTPUT_BYTES], model_output(&state), MODEL_OUTPUT_BYTES);
        }
    }
    if (memcmp(outputs[0], outputs[1], steps * MODEL_OUTPUT_BYTES) != 0) {
        return 2;
    }
    return fwrite(outputs[0], MODEL_OUTPUT_BYTES, steps, stdout) == steps ? 0 : 1;
}
