/* Watches a vibration recording: monitor FILE.wav
 *
 * FILE.wav holds 16-bit mono samples at MODEL_SAMPLE_RATE_HZ. Prints for each window the time of its end, the label of
 * the largest output and that output; then, on a core that counts, instructions per second of signal and of the longest
 * call, and the stack's growth. */
#include <stddef.h>

#include "board.h"
#include "model_window.h"
#include "print.h"
#include "wav.h"

#define BLOCK 256u

static model_window_memory memory;
static int16_t block[BLOCK];

static void print_window(const char *name, uint64_t end, const int8_t *outputs)
{
    uint32_t best = 0u;
    for (uint32_t i = 1u; i < MODEL_OUTPUT_BYTES; i++) {
        best = (outputs[i] > outputs[best]) ? i : best;
    }
    const int64_t q31 = ((int64_t)outputs[best] - MODEL_OUTPUT_ZERO) * MODEL_OUTPUT_SCALE_Q31;
    board_write(name);
    board_write("  ");
    print_hundredths(print_ten_thousandths(end, MODEL_SAMPLE_RATE_HZ));
    board_write(" s  ");
#if MODEL_LABELS > 0
    board_write(model_labels[best]);
#else
    board_write_number(best);
#endif
    board_write("  ");
    print_hundredths(print_ten_thousandths((q31 < 0) ? 0u : (uint64_t)q31, UINT64_C(0x80000000)));
    board_write("\n");
}

static int fail(const char *name, const char *wrong)
{
    board_write(name);
    board_write(": ");
    board_write(wrong);
    board_write("\n");
    return 1;
}

int main(int argc, char **argv)
{
    wav_file wav;
    uint64_t taken = 0u;
    uint64_t instructions = 0u;
    uint64_t longest = 0u;
    uint32_t got;
    if (argc != 2) {
        board_write("usage: monitor FILE.wav\n");
        return 2;
    }
    const char *const wrong = wav_open(&wav, argv[1]);
    if (wrong != NULL) {
        return fail(argv[1], wrong);
    }
    if (wav.sample_rate_hz != MODEL_SAMPLE_RATE_HZ) {
        (void)wav_close(&wav);
        return fail(argv[1], "not at the model's sample rate");
    }
    model_window_start(&memory);
    do {
        got = wav_read(&wav, block, BLOCK);
        const int16_t *samples = block;
        uint32_t left = got;
        uint32_t complete;
        do {
            const int8_t *outputs;
            const uint64_t before = board_instructions();
            complete = model_window_push(&memory, &samples, &left, &outputs);
            const uint64_t spent = board_instructions() - before;
            instructions += spent;
            longest = (spent > longest) ? spent : longest;
            if (complete != 0u) {
                print_window(argv[1], taken + (got - left), outputs);
            }
        } while (complete != 0u);
        taken += got;
    } while (got == BLOCK);
    if (wav_close(&wav) != 0u) {
        return fail(argv[1], "ends before it said (truncated file)");
    }
    if ((instructions != 0u) && (taken != 0u)) {
        print_count("instructions_per_second", (instructions * MODEL_SAMPLE_RATE_HZ) / taken);
        print_count("instructions_longest_call", longest);
        print_count("stack_bytes", board_stack_high_water());
    }
    return 0;
}
