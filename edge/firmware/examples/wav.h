/* A WAV file of 16-bit mono samples, read from its beginning to its end. */
#ifndef WAV_H
#define WAV_H

#include <stdint.h>

typedef struct {
    int32_t file;
    uint32_t sample_rate_hz;
    uint32_t left; /* samples; UINT32_MAX where the file does not say: up to its end */
} wav_file;

/* Goes to the first sample. Returns NULL, or what is wrong with the file (which is closed then). */
const char *wav_open(wav_file *wav, const char *path);

/* Samples read, fewer than asked for at the end only. */
uint32_t wav_read(wav_file *wav, int16_t *samples, uint32_t count);

/* 1 if the file ended before it said. */
uint32_t wav_close(const wav_file *wav);

#endif
