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
from .operating_point import Chosen, choose
from .page import TITLES, det_csv, markdown
from .progress import HourBar
from .sweep import sweep

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
    """

    hours: float = 2.0
    split: str = "test"
    seed: int = 0
    max_per_hour: float = 0.5
    composition: Composition = dataclasses.field(default_factory=Composition)


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
    detector = chosen.point.detector
    events = {split: events_of(found, detector) for split, found in heard.items()}
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
            "detector": dataclasses.asdict(detector),
            "chosen_on": VALIDATION,
            "reached": chosen.reached,
            "max_false_accepts_per_hour": settings.max_per_hour,
        },
        "streams": {split: measure(found, events[split], settings.composition) for split, found in heard.items()},
        "with_card": {
            split: measure(found, events_of(found, bundle.card.detector), settings.composition)
            for split, found in heard.items()
        },
    }
    out.mkdir(parents=True, exist_ok=True)
    _write_curves(out, heard, chosen, settings.max_per_hour)
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


def _write_curves(out: Path, heard: dict[str, Heard], chosen: Chosen, max_per_hour: float) -> None:
    detector: DetectorSpec = chosen.point.detector
    curves = {
        TITLES[split]: chosen.points if split == VALIDATION else sweep(found, detector)
        for split, found in heard.items()
    }
    at = {TITLES[split]: sweep(found, detector, [detector.threshold])[0] for split, found in heard.items()}
    write_atomically(out / "det.csv", det_csv(curves))
    write_atomically(out / "det.png", det_png(curves, at, max_per_hour))
