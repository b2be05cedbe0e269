"""The variants by name, each with what it is."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Variant:
    """A network and its training.

    Parameters
    ----------
    what : str
        For the table.
    front : {"log", "log-centred", "root", "pcen", "threshold"}
        What becomes of the root-mel spectrum.
    shrink : {"soft", "garrote", "firm", "leaky", "floor"}
        How a threshold is applied to the spectrum.
    base : {"mean", "rms", "running", "floor"}
        What the threshold is a share of.
    every_frame : bool
        A threshold for every frame instead of one for the clip.
    locals : tuple of int
        Frames of the means of the past that a frame's threshold sees.
    body : {"plain", "channel-wise", "channel-shared", "bottleneck", "every-position", "gate", "post", "separable",
        "separable-cw"}
        Thresholds in the residual units; ``gate`` multiplies instead, ``post`` is channel-wise with activations behind
        the convolutions, ``separable`` another body without, ``separable-cw`` with channel-wise thresholds.
    widen : float
        Of the body.
    curriculum : bool
        Batches whose SNRs widen over the first half of the training.
    taught : bool
        Learns from the answers of ``teacher``.
    """

    what: str
    front: str = "threshold"
    shrink: str = "soft"
    base: str = "mean"
    every_frame: bool = True
    locals: tuple[int, ...] = (8,)
    body: str = "plain"
    widen: float = 1.0
    curriculum: bool = False
    taught: bool = False


_FRAMES = Variant("a threshold a band and frame on the root-mel spectrum")
_CW = dataclasses.replace(
    _FRAMES, what="`frames`, channel-wise thresholds in the body: the library's", body="channel-wise"
)


def _front(what: str, **changes) -> Variant:
    return dataclasses.replace(_FRAMES, what=f"`frames`, {what}", **changes)


TEACHER = "teacher"
VARIANTS: dict[str, Variant] = {
    "log": Variant("log-mel, no threshold", front="log"),
    "log-wide": Variant("log-mel, no threshold, as many MACs as `frames-cw`", front="log", widen=1.15),
    "log-centred": Variant("log-mel, each band's mean over the clip taken off", front="log-centred"),
    "root": Variant("root-mel, no threshold", front="root"),
    "pcen": Variant("PCEN with trained constants, no threshold", front="pcen"),
    "clip": _front("one threshold a band for the whole clip", every_frame=False),
    "frames": _FRAMES,
    "frames-garrote": _front("garrote in place of soft", shrink="garrote"),
    "frames-firm": _front("firm in place of soft", shrink="firm"),
    "frames-leaky": _front("leaky: a tenth of what is below", shrink="leaky"),
    "frames-floor": _front("no value below a tenth of itself", shrink="floor"),
    "frames-rms": _front("a share of the root mean square", base="rms"),
    "frames-running": _front("a share of the running mean", base="running"),
    "frames-noise-floor": _front("a share of the noise floor (minimum statistics)", base="floor"),
    "frames-scales": _front("sees means of 4, 8, 16 and 32 frames", locals=(4, 8, 16, 32)),
    "frames-cw": _CW,
    "frames-cs": _front("channel-shared thresholds in the body", body="channel-shared"),
    "frames-bottleneck": _front("channel-wise, their network a quarter as wide", body="bottleneck"),
    "frames-positions": _front("a threshold a channel and position in the body", body="every-position"),
    "frames-gate": _front("squeeze and excitation in the body", body="gate"),
    "frames-post": _front("channel-wise, activations behind the convolutions", body="post"),
    "frames-curriculum": _front("SNRs from 5..20 dB to -10..20 dB over half of the training", curriculum=True),
    "separable-log": Variant("log-mel, no threshold; body of separable convolutions", front="log", body="separable"),
    "separable-frames": _front("body of separable convolutions", body="separable"),
    "separable-frames-cw": _front("body of separable convolutions with channel-wise thresholds", body="separable-cw"),
    TEACHER: dataclasses.replace(_CW, what="`frames-cw`, 2.5 times as wide", widen=2.5),
    "frames-cw-taught": dataclasses.replace(_CW, what="`frames-cw`, taught by `teacher`", taught=True),
    "log-wide-taught": Variant("`log-wide`, taught by `teacher`", front="log", widen=1.15, taught=True),
}
