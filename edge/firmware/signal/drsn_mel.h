/* From the power spectrum of a frame to its features. */
#ifndef DRSN_MEL_H
#define DRSN_MEL_H

#include "drsn_front_end.h"

/* bins: powers, to be taken times 2^exponent; used up. out: n_features. */
void drsn_mel_features(const drsn_front_end *p, drsn_bin *bins, int32_t exponent, int8_t *out);

#endif
