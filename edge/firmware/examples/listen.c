/* Listens to a recording: listen FILE.wav
 *
 * FILE.wav holds 16-bit mono samples at MODEL_SAMPLE_RATE_HZ. Prints detections as `drsn-edge listen` does, then, on a
 * core that counts, instructions per second of audio, of the longest call, and the stack's growth. */
#include <stddef.h>

#include "board.h"
#include "model_listener.h"
#include "print.h"
#include "wav.h"

#define BLOCK 256u

static model_listener_memory memory;
static int16_t block[BLOCK];

typedef struct {
    const char *name;
    uint64_t samples;
    uint64_t instructions;
    uint64_t longest;
} report;

/* The average probability of a label in 2^-31 times the evaluations that it is an average of. */
static uint64_t summed(const drsn_detector_state *detector, int32_t label)
{
    const int64_t sum = (int64_t)detector->sums[label] * model_detector.scale_q31;
    return (sum < 0) ? 0u : (uint64_t)sum;
}

static void print_detection(const report *of, const drsn_verdict *verdict)
{
    const drsn_detector_state *const detector = &memory.state.detector;
    board_write(of->name);
    board_write("  ");
    print_hundredths(print_ten_thousandths(verdict->end, MODEL_SAMPLE_RATE_HZ));
    board_write(" s  ");
    board_write(model_labels[verdict->detected]);
    board_write("  ");
    print_hundredths(
        print_ten_thousandths(summed(detector, verdict->detected), (uint64_t)detector->filled << 31));
    board_write("\n");
}

/* samples NULL: silence. */
static void hear(report *of, const int16_t *samples, uint32_t count)
{
    uint32_t evaluated;
    of->samples += count;
    do {
        drsn_verdict verdict;
        const uint64_t before = board_instructions();
        evaluated = model_listener_push(&memory, &samples, &count, &verdict);
        const uint64_t spent = board_instructions() - before;
        of->instructions += spent;
        of->longest = (spent > of->longest) ? spent : of->longest;
        if ((evaluated != 0u) && (verdict.detected != DRSN_NO_LABEL)) {
            print_detection(of, &verdict);
        }
    } while (evaluated != 0u);
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
    report of = {NULL, 0u, 0u, 0u};
    uint32_t got;
    if (argc != 2) {
        board_write("usage: listen FILE.wav\n");
        return 2;
    }
    of.name = argv[1];
    const char *const wrong = wav_open(&wav, of.name);
    if (wrong != NULL) {
        return fail(of.name, wrong);
    }
    if (wav.sample_rate_hz != MODEL_SAMPLE_RATE_HZ) {
        (void)wav_close(&wav);
        return fail(of.name, "not at the model's sample rate");
    }
    model_listener_start(&memory);
    do {
        got = wav_read(&wav, block, BLOCK);
        hear(&of, block, got);
    } while (got == BLOCK);
    if (wav_close(&wav) != 0u) {
        return fail(of.name, "ends before it said (truncated file)");
    }
    hear(&of, NULL, model_listener_tail(&memory));
    if ((of.instructions != 0u) && (of.samples != 0u)) {
        print_count("instructions_per_second", (of.instructions * MODEL_SAMPLE_RATE_HZ) / of.samples);
        print_count("instructions_longest_call", of.longest);
        print_count("stack_bytes", board_stack_high_water());
    }
    return 0;
}
