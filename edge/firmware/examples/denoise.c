/* Cleans a recording: denoise FILE.wav CLEANED
 *
 * FILE.wav holds 16-bit mono samples at MODEL_SAMPLE_RATE_HZ. CLEANED gets as many, aligned with them: a WAV file where
 * its name ends with .wav, else 16-bit samples (little-endian) alone. Prints, on a core that counts, instructions per
 * second of signal and of the longest step, and the stack's growth. */
#include <stddef.h>
#include <string.h>

#include "board.h"
#include "model_denoiser.h"
#include "print.h"
#include "wav.h"

#define HEADER_BYTES 44u
#define UNKNOWN 0xffffffffu

static model_state state;
static int16_t samples[MODEL_STEP_SAMPLES];

static int fail(const char *name, const char *wrong)
{
    board_write(name);
    board_write(": ");
    board_write(wrong);
    board_write("\n");
    return 1;
}

static void put_four(uint8_t *at, uint32_t value)
{
    for (uint32_t i = 0u; i < 4u; i++) {
        at[i] = (uint8_t)(value >> (8u * i));
    }
}

/* 1 if written. `bytes` of samples follow. */
static uint32_t write_header(int32_t file, uint32_t bytes)
{
    static const char text[] = "RIFF....WAVEfmt ....................data....";
    uint8_t header[HEADER_BYTES];
    (void)memcpy(header, text, HEADER_BYTES);
    put_four(&header[4], (bytes == UNKNOWN) ? UNKNOWN : (bytes + HEADER_BYTES - 8u));
    put_four(&header[16], 16u);
    put_four(&header[20], 0x00010001u); /* PCM, one channel */
    put_four(&header[24], MODEL_SAMPLE_RATE_HZ);
    put_four(&header[28], 2u * MODEL_SAMPLE_RATE_HZ);
    put_four(&header[32], 0x00100002u); /* 2 bytes a sample, 16 bits */
    put_four(&header[40], bytes);
    return (uint32_t)(board_write_bytes(file, header, HEADER_BYTES) == HEADER_BYTES);
}

/* 1 if written; the samples are bytes afterwards. */
static uint32_t write_samples(int32_t file, int16_t *values, uint32_t count)
{
    uint8_t *const bytes = (uint8_t *)values;
    for (uint32_t i = 0u; i < count; i++) {
        const uint32_t bits = (uint16_t)values[i];
        bytes[2u * i] = (uint8_t)bits;
        bytes[(2u * i) + 1u] = (uint8_t)(bits >> 8);
    }
    return (uint32_t)(board_write_bytes(file, bytes, 2u * count) == (2u * count));
}

static uint32_t is_wav(const char *name)
{
    const size_t length = strlen(name);
    return (uint32_t)((length > 4u) && (strcmp(&name[length - 4u], ".wav") == 0));
}

int main(int argc, char **argv)
{
    wav_file wav;
    uint64_t instructions = 0u;
    uint64_t longest = 0u;
    uint64_t taken = 0u;
    uint32_t written = 1u;
    uint32_t got;
    if (argc != 3) {
        board_write("usage: denoise FILE.wav CLEANED\n");
        return 2;
    }
    if (strcmp(argv[1], argv[2]) == 0) {
        return fail(argv[2], "is the recording itself");
    }
    const char *const wrong = wav_open(&wav, argv[1]);
    if (wrong != NULL) {
        return fail(argv[1], wrong);
    }
    if (wav.sample_rate_hz != MODEL_SAMPLE_RATE_HZ) {
        (void)wav_close(&wav);
        return fail(argv[1], "not at the model's sample rate");
    }
    const int32_t out = board_create(argv[2]);
    if (out < 0) {
        (void)wav_close(&wav);
        return fail(argv[2], "cannot be written");
    }
    if (is_wav(argv[2]) != 0u) {
        written = write_header(out, (wav.left > (UNKNOWN / 4u)) ? UNKNOWN : (2u * wav.left));
    }
    model_denoiser_start(&state);
    do {
        got = wav_read(&wav, samples, MODEL_STEP_SAMPLES);
        /* The last step goes on in silence. */
        (void)memset(&samples[got], 0, sizeof samples - (got * sizeof samples[0]));
        const uint64_t before = board_instructions();
        if (got != 0u) {
            model_denoiser_step(&state, samples, samples);
        }
        const uint64_t spent = board_instructions() - before;
        instructions += spent;
        longest = (spent > longest) ? spent : longest;
        written &= write_samples(out, samples, got);
        taken += got;
    } while (got == MODEL_STEP_SAMPLES);
    board_close(out);
    if (wav_close(&wav) != 0u) {
        return fail(argv[1], "ends before it said (truncated file)");
    }
    if (written == 0u) {
        return fail(argv[2], "not written to its end");
    }
    if ((instructions != 0u) && (taken != 0u)) {
        print_count("instructions_per_second", (instructions * MODEL_SAMPLE_RATE_HZ) / taken);
        print_count("instructions_longest_call", longest);
        print_count("stack_bytes", board_stack_high_water());
    }
    return 0;
}
