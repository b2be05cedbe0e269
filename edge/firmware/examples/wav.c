#include "wav.h"

#include <stddef.h>

#include "board.h"

#define TAG(a, b, c, d) ((uint32_t)(a) | ((uint32_t)(b) << 8) | ((uint32_t)(c) << 16) | ((uint32_t)(d) << 24))
#define FORMAT_BYTES 26u
#define PCM 1u
#define EXTENSIBLE 0xfffeu
/* Sizes that ffmpeg and SoX write into a pipe. */
#define UNKNOWN 0xffffffffu
#define UNKNOWN_SOX 0x7ffff000u

static uint32_t two(const uint8_t *at)
{
    return (uint32_t)at[0] | ((uint32_t)at[1] << 8);
}

static uint32_t four(const uint8_t *at)
{
    return two(at) | (two(&at[2]) << 16);
}

/* 0 at the end of the file. */
static uint32_t skip(int32_t file, uint32_t bytes)
{
    uint8_t block[64];
    uint32_t left = bytes;
    while (left > 0u) {
        const uint32_t part = (left < sizeof block) ? left : (uint32_t)sizeof block;
        if (board_read(file, block, part) != part) {
            return 0u;
        }
        left -= part;
    }
    return 1u;
}

static const char *read_format(wav_file *wav, uint32_t bytes)
{
    uint8_t format[FORMAT_BYTES] = {0};
    const uint32_t known = (bytes < FORMAT_BYTES) ? bytes : FORMAT_BYTES;
    if ((known < 16u) || (board_read(wav->file, format, known) != known) || (skip(wav->file, bytes - known) == 0u)) {
        return "a damaged fmt chunk";
    }
    wav->sample_rate_hz = four(&format[4]);
    /* An extensible header names the encoding further behind. */
    const uint32_t encoding = (two(format) == EXTENSIBLE) ? two(&format[24]) : two(format);
    if ((encoding != PCM) || (two(&format[2]) != 1u) || (two(&format[12]) != 2u)) {
        return "not 16-bit mono PCM";
    }
    return NULL;
}

/* From chunk to chunk up to the samples. */
static const char *read_header(wav_file *wav)
{
    uint8_t head[12];
    wav->sample_rate_hz = 0u;
    if ((board_read(wav->file, head, 12u) != 12u) || (four(head) != TAG('R', 'I', 'F', 'F')) ||
        (four(&head[8]) != TAG('W', 'A', 'V', 'E'))) {
        return "not a WAV file";
    }
    while (board_read(wav->file, head, 8u) == 8u) {
        const uint32_t bytes = four(&head[4]);
        if (four(head) == TAG('d', 'a', 't', 'a')) {
            wav->left = ((bytes == UNKNOWN) || (bytes == UNKNOWN_SOX)) ? UINT32_MAX : (bytes / 2u);
            if (wav->sample_rate_hz == 0u) {
                return "no fmt chunk before the samples";
            }
            return (wav->left == 0u) ? "no samples" : NULL;
        }
        if (four(head) == TAG('f', 'm', 't', ' ')) {
            const char *const wrong = read_format(wav, bytes);
            if (wrong != NULL) {
                return wrong;
            }
        } else if (skip(wav->file, bytes) == 0u) {
            break;
        } else {
            /* Some other chunk. */
        }
        /* Chunks start at even offsets. */
        (void)skip(wav->file, bytes & 1u);
    }
    return "no samples";
}

const char *wav_open(wav_file *wav, const char *path)
{
    wav->file = board_open(path);
    if (wav->file < 0) {
        return "cannot be opened";
    }
    const char *const wrong = read_header(wav);
    if (wrong != NULL) {
        board_close(wav->file);
    }
    return wrong;
}

uint32_t wav_read(wav_file *wav, int16_t *samples, uint32_t count)
{
    const uint32_t wanted = (count < wav->left) ? count : wav->left;
    const uint32_t got = board_read(wav->file, samples, 2u * wanted) / 2u;
    for (uint32_t i = 0u; i < got; i++) {
        /* In place: little-endian bytes, whatever the core's order. */
        const uint32_t bits = two((const uint8_t *)&samples[i]);
        samples[i] = (int16_t)((int32_t)(bits ^ 0x8000u) - 0x8000);
    }
    if (wav->left != UINT32_MAX) {
        wav->left -= got;
    }
    return got;
}

uint32_t wav_close(const wav_file *wav)
{
    board_close(wav->file);
    return (uint32_t)((wav->left != 0u) && (wav->left != UINT32_MAX));
}
