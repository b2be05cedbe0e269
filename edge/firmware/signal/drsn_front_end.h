/* Log-mel, MFCC or root-mel features of a stream of 16-bit samples, as the int8 of a model's input.
 *
 * What drsn_keras.frontend computes in floating point, in integers; the constants come from
 * drsn_keras.export.firmware.signal_constants. Re-entrant: all state is the caller's.
 */
#ifndef DRSN_FRONT_END_H
#define DRSN_FRONT_END_H

#include <stdint.h>

#include "drsn_bits.h"
#include "drsn_fft.h"
#include "drsn_log.h"
#include "drsn_quantize.h"
#include "drsn_root.h"
#include "drsn_sample_ring.h"

/* Fractional bits of a mel weight, of a cosine of the DCT, of a band's logarithm or root, of an MFCC. */
#define DRSN_MEL_BITS 20
#define DRSN_DCT_BITS 30
#define DRSN_BAND_BITS 24
#define DRSN_MFCC_BITS 20

typedef struct {
    uint16_t frame_length, hop_length;
    uint16_t n_mels, n_features;
    drsn_fft fft;
    /* Hann window in Q31, its first half: frame_length / 2 + 1. */
    const int32_t *window;
    /* Between two neighbouring edges of the mel scale lies a segment; there one filter rises, the one before it falls.
     * n_mels + 1 segments of segment_bins[j] bins each, from first_bin on; rising[i] in Q20 for each of these bins. */
    const uint16_t *segment_bins;
    const uint32_t *rising;
    uint16_t first_bin;
    drsn_real log_floor;
    /* The one that is not NULL says what is taken of a band: a logarithm, or for root-mel the fourth root. */
    const drsn_log_step *log_steps;
    const drsn_root_step *root_steps;
    /* MFCC: the first (n_mels + 1) / 2 rows of the DCT, (row, n_features) in Q30; the other rows mirror them with the
     * sign of (-1)^feature. NULL: no DCT. */
    const int32_t *dct;
    drsn_quantizer quantizer;
    /* The features of digital silence. */
    const int8_t *silence;
} drsn_front_end;

/* Scratch memory of a frame, in elements of drsn_bin: the spectrum, and for MFCC the logarithms behind it. Nothing is
 * kept in it between calls. */
#define DRSN_LOG_MEL_SCRATCH(fft_length) (((fft_length) / 2) + 1)
#define DRSN_MFCC_SCRATCH(fft_length, n_mels) (DRSN_LOG_MEL_SCRATCH(fft_length) + (((n_mels) + 1) / 2))

typedef struct {
    drsn_sample_ring ring;
    drsn_bin *scratch;
} drsn_front_end_state;

/* Before the stream. history: frame_length samples. scratch: as above; what runs between the calls may use it too. */
void drsn_front_end_start(const drsn_front_end *p, drsn_front_end_state *state, int16_t *history, drsn_bin *scratch);

/* Takes samples until they are used up or `capacity` frames are written to `out` (n_features each); moves *samples and
 * *count on and returns the number of frames. Samples that are left over: call again. *samples NULL: silence. */
uint32_t drsn_front_end_push(const drsn_front_end *p, drsn_front_end_state *state, const int16_t **samples,
                             uint32_t *count, int8_t *out, uint32_t capacity);

/* One frame: `samples` is a circle of frame_length that begins at `first`. */
void drsn_front_end_frame(const drsn_front_end *p, const int16_t *samples, uint32_t first, drsn_bin *scratch,
                          int8_t *out);

#endif
