"""The configurations that are trained, by name, each with what it is."""

from __future__ import annotations

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class Job:
    """A network and its training.

    Parameters
    ----------
    what : str
        For the table.
    epochs, seeds, batch : int
    front : str
        Of ``fronts.FRONTS``. What follows is for fronts with thresholds or gains:
    statistics : tuple of {"mean", "maximum", "minimum", "floor"}
        Of each band over the clip: what thresholds are found from.
    scaled : bool
        Statistics are divided by the clip's level instead of normalised over the batch.
    hidden : int
        Width of the network behind the thresholds.
    causal : bool
        A frame's local mean sees no future (the statistics see the whole clip nevertheless).
    base : {"mean", "running", "floor"}
        What a threshold is a share of, 0 to ``largest``.
    largest : float
    shrinkage : str
        Of ``shrinkers.SHRINKERS``.
    divided, logarithm, beside_log : bool
        Behind the threshold: divide by the clip's level; take a logarithm; give the log-mel spectrum too.
    body : str
        Of ``bodies.BODIES``.
    units : tuple of (channels, stride), optional
        Of the residual units; the body's own by default.
    attention : {None, "channel-wise"}
        Thresholds at the end of every residual unit.
    stem_channels, stem_gate : int
        Of the 2-D stem: channels; hidden width behind thresholds on it (0: no thresholds).
    head_dropout : float
    noise_share, snr_db
        Share of the clips that are mixed with noise, and at what ratio [dB].
    mixup : float
        Both parameters of mixup's beta distribution, 0 for none.
    warp : float
        Largest stretch of the mel axis.
    noise_supervision : float
        Weight of the distance of thresholds to the mean spectrum of the noise that was mixed in.
    consistency : float
        Weight of the distance to what the network says about the clip without noise.
    label_smoothing, weight_decay : float
    teacher : str, optional
        Name of the job whose answers are learned from.
    """

    what: str
    epochs: int = 60
    seeds: int = 4
    batch: int = 64
    front: str = "log-mel"
    statistics: tuple[str, ...] = ("mean", "maximum", "minimum")
    scaled: bool = False
    hidden: int = 40
    causal: bool = False
    base: str = "mean"
    largest: float = 2.0
    shrinkage: str = "soft"
    divided: bool = False
    logarithm: bool = False
    beside_log: bool = False
    body: str = "residual"
    units: tuple[tuple[int, int], ...] | None = None
    attention: str | None = None
    stem_channels: int = 6
    stem_gate: int = 0
    head_dropout: float = 0.0
    noise_share: float = 0.75
    snr_db: tuple[float, float] = (-10.0, 20.0)
    mixup: float = 0.0
    warp: float = 0.0
    noise_supervision: float = 0.0
    consistency: float = 0.0
    label_smoothing: float = 0.1
    weight_decay: float = 0.02
    teacher: str | None = None

    def changed(self) -> dict[str, Any]:
        """What is not as by default, as JSON has it, but for the sentence: two trainings of equal ones are the same."""
        found = {}
        for field in dataclasses.fields(self)[1:]:
            value = getattr(self, field.name)
            if value != field.default or field.name in {"epochs", "seeds"}:
                found[field.name] = _as_list(value)
        return found


def _as_list(value: Any) -> Any:
    return [_as_list(v) for v in value] if isinstance(value, tuple) else value


CLIP = Job("root-mel, a threshold a band and clip", front="clip-threshold")
FRAMES = Job("root-mel, a threshold a band and frame (local mean of both sides)", front="frame-threshold")
PAST = Job("root-mel, a threshold a band and frame (local mean of the past)", front="frame-threshold", causal=True)
CHANNEL_WISE = "channel-wise thresholds in the body"
NOISIER: dict[str, Any] = {"noise_share": 0.9, "snr_db": (-12.0, 20.0)}


def _with(job: Job, what: str, **changes: Any) -> Job:
    """A job like another one, and what differs."""
    return dataclasses.replace(job, what=f"{job.what}; {what}" if what else job.what, **changes)


#: The library's body, 60 epochs (names that end in a number: so many epochs).
SHORT = {
    "log": Job("log-mel, no threshold"),
    "log-again": Job("the same as `log` once more: how far two runs of one configuration are apart"),
    "log-centred": Job("log-mel, each band's mean over the clip taken off", front="log-mel-centred"),
    "log-cw": Job(f"log-mel; {CHANNEL_WISE}", attention="channel-wise"),
    "log-broadcast": Job("log-mel; BC-ResNet-like body", body="broadcast"),
    "log-150": Job("log-mel, no threshold", epochs=150),
    "root": Job("root-mel, no threshold", front="root-mel"),
    "root-levelled": Job("root-mel over the clip's level, no threshold", front="root-mel-levelled"),
    "pcen": Job("PCEN with trained constants, no threshold", front="pcen"),
    "gain": Job("root-mel, a gain a band and clip in place of the threshold", front="clip-gain"),
    "clip": CLIP,
    "clip-150": _with(CLIP, "", epochs=150),
    "clip-cw": _with(CLIP, CHANNEL_WISE, attention="channel-wise"),
    "clip-scaled": _with(CLIP, "statistics over the clip's level", scaled=True),
    "clip-scaled-divided": _with(
        CLIP, "statistics and the shrunken spectrum over the clip's level", scaled=True, divided=True
    ),
    "clip-mean": _with(CLIP, "from the mean alone", statistics=("mean",)),
    "clip-wide": _with(CLIP, "twice the width behind the thresholds", hidden=80),
    "clip-logarithm": _with(CLIP, "a logarithm behind it", logarithm=True),
    "clip-beside-log": _with(CLIP, "log-mel beside it", beside_log=True),
    **{
        f"clip-{shrinkage}": _with(CLIP, f"{shrinkage} in place of soft", shrinkage=shrinkage)
        for shrinkage in ("garrote", "firm", "leaky", "floor", "smoothed")
    },
    "clip-broadcast": _with(CLIP, "BC-ResNet-like body", body="broadcast"),
    "clip-separable": _with(CLIP, "body of separable convolutions", body="separable"),
    "clip-2d": _with(CLIP, "2-D stem", body="stem-2d"),
    "frames": FRAMES,
    "frames-causal": PAST,
    "clip-mixup": _with(CLIP, "mixup", mixup=0.3),
    "clip-warp": _with(CLIP, "mel axis stretched by up to 10 %", warp=0.1),
    "clip-mixup-warp-150": _with(CLIP, "mixup, mel axis stretched", mixup=0.3, warp=0.1, epochs=150),
    "clip-noisier": _with(CLIP, "more noise", **NOISIER),
    "clip-supervised": _with(CLIP, "thresholds taught by the noise's own spectrum", noise_supervision=0.3),
    "clip-consistency": _with(CLIP, "agrees with itself about the clip without noise", consistency=0.5),
    "teacher": _with(CLIP, "three times as wide: a teacher", units=((72, 1), (96, 2), (120, 2)), head_dropout=0.2),
    "clip-taught": _with(CLIP, "taught by `teacher`", teacher="teacher"),
}

LONG = 300
LOG_2D = Job("log-mel, no threshold; 2-D stem", body="stem-2d", epochs=LONG)
CLIP_2D = _with(CLIP, "2-D stem", body="stem-2d", epochs=LONG)
FRAMES_2D = _with(PAST, "2-D stem", body="stem-2d", epochs=LONG)
FRAMES_2D_CW = _with(FRAMES_2D, CHANNEL_WISE, attention="channel-wise")
#: Long trainings, most with a 2-D stem.
LONGER = {
    "log-300": Job("log-mel, no threshold", epochs=LONG),
    "clip-300": _with(CLIP, "", epochs=LONG),
    "frames-300": _with(PAST, "", epochs=LONG),
    "frames-cw-300": _with(PAST, CHANNEL_WISE, epochs=LONG, attention="channel-wise"),
    "2d-log": LOG_2D,
    "2d-log-600": _with(LOG_2D, "", epochs=600),
    "2d-log-cw": _with(LOG_2D, CHANNEL_WISE, attention="channel-wise"),
    "2d-root": Job("root-mel, no threshold; 2-D stem", front="root-mel", body="stem-2d", epochs=LONG),
    "2d-pcen": Job("PCEN with trained constants; 2-D stem", front="pcen", body="stem-2d", epochs=LONG),
    "2d-gain": Job("root-mel, a gain a band and clip; 2-D stem", front="clip-gain", body="stem-2d", epochs=LONG),
    "2d-clip": CLIP_2D,
    "2d-clip-scaled": _with(CLIP_2D, "statistics over the clip's level", scaled=True),
    "2d-frames": FRAMES_2D,
    "2d-frames-stem": _with(FRAMES_2D, "thresholds on the stem too", stem_gate=32),
    "2d-frames-cw": FRAMES_2D_CW,
    "2d-frames-cw-600": _with(FRAMES_2D_CW, "", epochs=600),
    "2d-frames-cw-scaled": _with(FRAMES_2D_CW, "statistics over the clip's level", scaled=True),
    "2d-frames-cw-mean": _with(FRAMES_2D_CW, "from the mean alone", statistics=("mean",)),
    "2d-frames-cw-running": _with(
        FRAMES_2D_CW, "from the mean alone, a share of the running mean", statistics=("mean",), base="running"
    ),
    "2d-frames-cw-noise-floor": _with(
        FRAMES_2D_CW,
        "a share of the noise floor",
        statistics=("mean", "maximum", "minimum", "floor"),
        base="floor",
        largest=4.0,
    ),
    "2d-frames-cw-smoothed": _with(FRAMES_2D_CW, "smoothed in place of soft", shrinkage="smoothed"),
    "2d-frames-cw-floor": _with(FRAMES_2D_CW, "floor in place of soft", shrinkage="floor"),
    "2d-frames-cw-consistency": _with(FRAMES_2D_CW, "consistency", consistency=0.5),
    "2d-frames-cw-supervised": _with(FRAMES_2D_CW, "thresholds taught by the noise", noise_supervision=0.3),
    "2d-frames-cw-mixup": _with(FRAMES_2D_CW, "mixup", mixup=0.3),
    "2d-frames-cw-noisier": _with(FRAMES_2D_CW, "more noise", **NOISIER),
    "2d-frames-cw-hard-labels": _with(FRAMES_2D_CW, "no label smoothing", label_smoothing=0.0),
    "2d-frames-cw-decay": _with(FRAMES_2D_CW, "weight decay 0.05", weight_decay=0.05),
    "2d-teacher": _with(
        FRAMES,
        f"2-D stem; {CHANNEL_WISE}; wide: a teacher",
        epochs=150,
        seeds=2,
        body="stem-2d",
        stem_channels=12,
        attention="channel-wise",
        units=((64, 2), (80, 1), (96, 2)),
        head_dropout=0.2,
    ),
    "2d-taught": _with(FRAMES_2D_CW, "taught by `2d-teacher`", seeds=3, teacher="2d-teacher"),
}

JOBS: dict[str, Job] = SHORT | LONGER
