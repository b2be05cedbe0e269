"""The whole of it: compose, hear, choose on validation, measure, write."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from drsn_keras.command_line import log
from drsn_keras.edge.bundle import Bundle
from drsn_keras.errors import UsageError, mismatch
from drsn_keras.files import write_atomically
from drsn_keras.model_card import DetectorSpec

from ..corpus import Corpus
from ..run_folder import write_json
from .compose import compose
from .composition import Composition
from .det_figure import det_png
from .events import events_csv, events_of
from .hear import Heard, ears_of, hear
from .material import Material, material_of
from .measures import measure
from .noise_bins import by_bin
from .noise_choice import NoiseChoice, choose_by_noise
from .operating_point import Chosen, choose
from .page import TITLES, det_csv, markdown
from .progress import HourBar
from .sweep import Point, Steps, Tally, sweep

VALIDATION = "val"


@dataclasses.dataclass(frozen=True)
class Settings:
    """What is asked for.

    Parameters
    ----------
    hours : float
        Of each stream, at least.
    split : {"test", "val"}
        ``val``: nothing but the choice, on the validation stream; ``test``: then the test stream besides.
    seed : int
    max_per_hour : float
        False accepts that the operating point may cost.
    composition : Composition
    one_threshold : bool
        Thresholds that follow the noise level are not tried.
    """

    hours: float = 2.0
    split: str = "test"
    seed: int = 0
    max_per_hour: float = 0.5
    composition: Composition = dataclasses.field(default_factory=Composition)
    one_threshold: bool = False


def stream_evaluate(bundle: Bundle, corpus: Corpus, settings: Settings, out: Path) -> dict[str, Any]:
    """Evaluate a bundle on streams; writes stream.csv, det.csv, det.png, stream.md and stream.json into ``out``.

    Returns
    -------
    dict
        What stream.json holds.
    """
    splits = list(dict.fromkeys((VALIDATION, settings.split)))
    material = {split: material_of(corpus, split) for split in splits}
    if settings.hours * settings.max_per_hour < 1:
        said = f"{settings.hours:g} h at {settings.max_per_hour:g} false accepts an hour leave room for none"
        log(f"note: {said}: the operating point is one without any")
    log(f"composing {settings.composition.sentence()}")
    heard = {split: _hear(bundle, found, settings) for split, found in material.items()}
    chosen = choose(heard[VALIDATION], bundle.card.detector, settings.max_per_hour)
    by_noise = None
    if heard[VALIDATION].noise_db is not None and not settings.one_threshold:
        by_noise = choose_by_noise(heard[VALIDATION], chosen, settings.max_per_hour)
    point = by_noise.point if by_noise and by_noise.kept else chosen.point
    events = {split: events_of(found, point.detector, point.noise_thresholds) for split, found in heard.items()}
    result = {
        "bundle": bundle.folder.name,
        "model": bundle.card.model,
        "scheme": bundle.card.scheme,
        "sha256": bundle.card.sha256,
        "seed": settings.seed,
        "composed": settings.composition.sentence(),
        "composition": settings.composition.to_dict(),
        "material": {split: found.describe() for split, found in material.items()},
        "speaker_disjoint": str(corpus.protocol.get("speaker_disjoint", "unknown")),
        "operating_point": {
            "detector": dataclasses.asdict(point.detector),
            "chosen_on": VALIDATION,
            "reached": chosen.reached,
            "max_false_accepts_per_hour": settings.max_per_hour,
        },
        "streams": {split: measure(found, events[split], settings.composition) for split, found in heard.items()},
        "with_card": _measured(heard, bundle.card.detector, bundle.card.noise_thresholds, settings),
    }
    if heard[VALIDATION].noise_db is not None:
        result["operating_point"]["noise_thresholds"] = [list(step) for step in point.noise_thresholds]
    if by_noise is not None:
        result["noise_levels"] = _noise_levels(heard, chosen.point, by_noise, settings)
    out.mkdir(parents=True, exist_ok=True)
    _write_curves(out, heard, chosen, point, settings.max_per_hour)
    streams = [(heard[split], events[split], material[split].clips) for split in splits]
    write_atomically(out / "stream.csv", events_csv(streams))
    write_atomically(out / "stream.md", markdown(result))
    write_json(out / "stream.json", result)
    return result


def _hear(bundle: Bundle, material: Material, settings: Settings) -> Heard:
    """Compose and hear one stream."""
    stream = compose(material, settings.composition, settings.hours, settings.seed)
    title = f"{TITLES[material.split]} stream"
    with HourBar(title, settings.hours) as bar:
        heard = hear(
            ears_of(bundle), stream, bundle.card.labels, material.split, material.sample_rate_hz, progress=bar.update
        )
    if not heard.words:
        got = f"none in {heard.duration_s / 3600:.3f} h"
        raise UsageError(mismatch("--hours", f"a {title} long enough for a keyword", got))
    speed = heard.duration_s / heard.seconds
    log(f"{title}: {heard.duration_s / 3600:.2f} h composed and heard, {speed:.0f} times faster than real time")
    return heard


def _measured(heard: dict[str, Heard], detector: DetectorSpec, steps: Steps, settings: Settings) -> dict[str, Any]:
    """Figures of a detector on every stream."""
    return {
        split: measure(found, events_of(found, detector, steps), settings.composition) for split, found in heard.items()
    }


def _noise_levels(heard: dict[str, Heard], one: Point, choice: NoiseChoice, settings: Settings) -> dict[str, Any]:
    """One threshold and those by noise level side by side; the latter None where none were possible."""
    found: dict[str, Any] = {"kept": choice.kept, "reason": choice.reason, "edges_db": list(choice.edges)}
    for name, point in (("one_threshold", one), ("by_noise_level", choice.point)):
        found[name] = None
        if point is not None:
            found[name] = {
                "detector": dataclasses.asdict(point.detector),
                "noise_thresholds": [list(step) for step in point.noise_thresholds],
                "streams": _measured(heard, point.detector, point.noise_thresholds, settings),
                "ranges": {
                    split: by_bin(
                        Tally(one_heard, point.detector), point.detector, point.noise_thresholds, choice.edges
                    )
                    for split, one_heard in heard.items()
                },
            }
    return found


def _write_curves(out: Path, heard: dict[str, Heard], chosen: Chosen, point: Point, max_per_hour: float) -> None:
    """Curves of one threshold; the operating point lies beside them where its thresholds follow the noise."""
    detector: DetectorSpec = chosen.point.detector
    curves = {
        TITLES[split]: chosen.points if split == VALIDATION else sweep(found, detector)
        for split, found in heard.items()
    }
    at = {
        TITLES[split]: Tally(found, point.detector).point(point.detector, point.noise_thresholds)
        for split, found in heard.items()
    }
    write_atomically(out / "det.csv", det_csv(curves))
    write_atomically(out / "det.png", det_png(curves, at, max_per_hour))
