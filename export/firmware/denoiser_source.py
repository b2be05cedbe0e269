"""C text of a denoiser's signal side: 16-bit samples to steps of a stream, and cleaned ones back."""

from __future__ import annotations

import math

from drsn_keras.errors import BundleError, mismatch
from drsn_keras.frontend import SignalSpec
from drsn_keras.model_card import TensorSpec
from drsn_keras.recording import FULL_SCALE_UNIT

from .signal_tables import sample_quantizer
from .signal_text import Calls, SignalSource, define, file_text, filled, header_text

_FILES = ("drsn_quantize.h",)
#: A product of an int8 and this still fits into 32 bits of samples.
_LARGEST_STEP = 2**40

_CALLS = Calls(
    declarations="""\
/* Before a stream: nothing was heard yet. */
void @low@_denoiser_start(@low@_state *state);

/* One step: @up@_STEP_SAMPLES samples in, as many cleaned ones out, aligned with them. Both may be one array. */
void @low@_denoiser_step(@low@_state *state, const int16_t *samples, int16_t *cleaned);""",
    before="",
    functions="""\
void @low@_denoiser_start(@low@_state *state)
{
    @low@_reset(state);
}

void @low@_denoiser_step(@low@_state *state, const int16_t *samples, int16_t *cleaned)
{
    int8_t *const input = @low@_input(state);
    for (uint32_t i = 0u; i < @up@_STEP_SAMPLES; i++) {
        input[i] = drsn_quantized(&quantizer, samples[i]);
    }
    @low@_invoke(state);
    const int8_t *const output = @low@_output(state);
    for (uint32_t i = 0u; i < @up@_STEP_SAMPLES; i++) {
        const int64_t product = ((int64_t)output[i] - @up@_OUTPUT_ZERO) * OUTPUT_STEP_Q16;
        /* Halves away from zero. */
        const int64_t rounded = ((product < 0) ? -((0x8000 - product) >> 16) : ((product + 0x8000) >> 16));
        cleaned[i] = (int16_t)((rounded > 32767) ? 32767 : ((rounded < -32768) ? -32768 : rounded));
    }
}""",
)


def denoiser_source(spec: SignalSpec, taken: TensorSpec, given: TensorSpec, prefix: str = "model") -> SignalSource:
    """PREFIX_denoiser.h/.c: steps of a stream of 16-bit samples.

    Full scale of a sample (32768) is 1.0 of a sound; of a signal in a unit it is the model's ``full_scale``.

    Raises
    ------
    BundleError
        A model of images; scales out of this arithmetic's reach.
    """
    if spec.is_image:
        raise BundleError(mismatch("front_end", "a signal for C", "images"))
    full_scale = 1.0 / spec.full_scale if spec.unit == FULL_SCALE_UNIT else 1.0
    step_q16 = round(given.scale / full_scale * 2**31)
    if not 0 < step_q16 < _LARGEST_STEP:
        raise BundleError(mismatch("output, scale", "a step of a 16-bit sample or so", given.scale))
    n = math.prod(taken.shape)
    name = f"{prefix}_denoiser"
    sizes = [define(prefix, "SAMPLE_RATE_HZ", spec.sample_rate_hz or 0), define(prefix, "STEP_SAMPLES", n)]
    header = header_text(name, [f"{prefix}.h"], [*sizes, "", filled(_CALLS.declarations, prefix)])
    constants = (
        '#include "drsn_quantize.h"\n\n'
        f"/* A quantum of the output in 16-bit samples, times 2^16. */\n#define OUTPUT_STEP_Q16 INT64_C({step_q16})\n\n"
        f"static const drsn_quantizer quantizer = {sample_quantizer(taken, full_scale)};"
    )
    source = file_text(name, [], "\n\n".join([constants, filled(_CALLS.functions, prefix)]))
    return SignalSource(name, header, source, _FILES, 8, 2 * n)
