"""Put an operating point into a bundle: card.json, and CARD.md where the bundle has one."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from drsn_keras.errors import BundleError, DrsnError, mismatch
from drsn_keras.files import write_atomically
from drsn_keras.model_card import CARD_NAME, DetectorSpec, read_bundle

CARD_PAGE_NAME = "CARD.md"
#: Where the card keeps what was measured on streams.
METRIC = "streams"
#: Prints the page of the card that it reads; training must not import export, so it is asked as a program.
_PAGE_OF = (
    "import json, sys\n"
    "from drsn_keras.export.card_page import card_page\n"
    "from drsn_keras.model_card import ModelCard\n"
    "sys.stdout.reconfigure(encoding='utf-8')\n"
    "sys.stdout.write(card_page(ModelCard.from_dict(json.load(sys.stdin))))\n"
)


def require_writable(bundle: Path) -> None:
    """Refuse a bundle that cannot be written to, before hours of streams are heard for it."""
    paths = [bundle, *(p for name in (CARD_NAME, CARD_PAGE_NAME) if (p := bundle / name).exists())]
    for path in paths:
        if not os.access(path, os.W_OK):
            raise DrsnError(mismatch(path, "to be writable (--set-operating-point)", "read-only"))


def store_operating_point(
    bundle: Path,
    detector: DetectorSpec,
    noise_thresholds: Sequence[Sequence[float]],
    streams: Mapping[str, Mapping[str, Any]],
) -> None:
    """Write the detector's constants, thresholds by noise level (none: one for all) and a line of figures a stream.

    Parameters
    ----------
    noise_thresholds : pairs of a noise level [dB] and a threshold, instead of those that the card has
    streams : measurements (:func:`.measures.measure`) by the stream's name

    Raises
    ------
    BundleError
        If the page cannot be made; nothing is written then.
    """
    card, _ = read_bundle(bundle)
    card = dataclasses.replace(
        card,
        detector=detector,
        noise_thresholds=tuple(map(tuple, noise_thresholds)),
        metrics={**card.metrics, METRIC: _rows(streams)},
    )
    page_path = bundle / CARD_PAGE_NAME
    page = _page(bundle, json.dumps(card.to_dict())) if page_path.is_file() else None
    before = (bundle / CARD_NAME).read_bytes()
    card.write(bundle)
    if page is not None:
        try:
            write_atomically(page_path, page)
        except OSError:
            write_atomically(bundle / CARD_NAME, before)
            raise


def _rows(streams: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "stream": name,
            "hours": round(found["hours"], 2),
            "words": found["words"],
            "misses_percent": round(found["misses"]["percent"], 2),
            "false_accepts_per_hour": round(found["false_accepts"]["per_hour"], 2),
            "latency_s": found["latency_s"]["mean"],
        }
        for name, found in streams.items()
    ]


def _page(bundle: Path, card: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _PAGE_OF], input=card.encode(), capture_output=True, check=False, timeout=120
    )
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise BundleError(mismatch(bundle / CARD_NAME, "a card that a page can be made from", *last or ["no page"]))
    return done.stdout.decode()
