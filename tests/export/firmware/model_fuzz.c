/* libFuzzer's target: any bytes are an input of the model. The same input gives the same output from any state. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

static model_state first, second;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put(model_state *state, const uint8_t *data, size_t size)
{
    int8_t *input = model_input(state);

    for (uint32_t i = 0u; i < MODEL_INPUT_BYTES; i++) {
        /* What is missing is filled with the corners of int8. */
        input[i] = (i < size) ? (int8_t)data[i] : (int8_t)(((i ^ size) & 1u) ? 127 : -128);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    memset(&second, (size > 0u) ? data[0] : 0x80, sizeof second);
    put(&first, data, size);
    put(&second, data, size);
    model_invoke(&first);
    model_invoke(&second);
    if (memcmp(model_output(&first), model_output(&second), MODEL_OUTPUT_BYTES) != 0) {
        abort();
    }
    return 0;
}
