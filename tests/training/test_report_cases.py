"""What the tests of the page share: results and sounds to report, a reader of HTML, and what holds for every page."""

from __future__ import annotations

import math
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np

from drsn_keras.training.conditions import Condition
from drsn_keras.training.evaluate import Result
from drsn_keras.training.report import SoundExample, ThresholdRow

NASTY = ("<b>bold</b>", 'say "$x^" & go', "日本語の単語", "_unknown_")
NOISES = (("white", True), ("impulsive", False))
VOID = {"meta", "img", "source", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """Elements, text and whether every tag is closed in its turn."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.source = path.read_text(encoding="utf-8")
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.faults: list[str] = []
        self.parts: list[str] = []
        self.feed(self.source)
        self.close()
        self.faults += self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> at {self.getpos()}")

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.parts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.parts).replace("\u00a0", " ").split())

    def all(self, tag: str) -> list[dict[str, Any]]:
        return [attrs for name, attrs in self.elements if name == tag]


def make_results(
    classes: int, n: int, snrs_db: tuple[float, ...] = (10.0, 0.0, -5.0), noises=NOISES, schemes=("keras", "int8")
) -> list[Result]:
    rng = np.random.default_rng([classes, n])
    truth = rng.integers(classes, size=n)
    conditions = [Condition("none", math.inf, True)]
    conditions += [Condition(noise, snr_db, seen) for noise, seen in noises for snr_db in snrs_db]
    results = []
    for condition in conditions:
        right = rng.random(n) < (0.95 if condition.clean else 0.5 + condition.snr_db / 40)
        guess = rng.integers(classes, size=n)
        for scheme in schemes:
            flip = rng.random(n) < 0.02
            predicted = np.where(right & ~flip, truth, guess)
            results.append(Result("drsn-cw", scheme, condition, predicted, truth))
    return results


def make_sounds(labels: tuple[str, ...], rate_hz: int = 8000) -> list[SoundExample]:
    rng = np.random.default_rng(1)
    found = []
    for label in labels[:2]:
        y = np.sin(np.arange(2000) * 0.3).astype(np.float32)
        noise = rng.standard_normal(2000)
        noise *= np.sqrt(np.mean(y.astype(float) ** 2) / np.mean(noise**2))
        verdicts = {"keras": (label, 0.91), "int8": (labels[-1], 0.42)}
        found.append(SoundExample(f"{label} · eve", label, math.inf, "none", y, rate_hz, verdicts))
        for snr_db in (0.0, -5.0):
            mixed = (y + noise * 10 ** (-snr_db / 20)).astype(np.float32)
            found.append(SoundExample(f"{label} · eve", label, snr_db, "white", mixed, rate_hz, verdicts))
    return found


def make_thresholds(blocks: int) -> list[ThresholdRow]:
    return [
        ThresholdRow(f"unit{b}", noise, snr, tau, 0.8 * tau, 1.2 * tau, 0.5, 0.4, 0.6)
        for b in range(1, blocks + 1)
        for noise, snr, tau in [("none", math.inf, 1.0)]
        + [(n, s, math.exp(-0.02 * s * b)) for n, _ in NOISES for s in (10.0, 0.0, -5.0)]
    ]


def arguments(labels: tuple[str, ...], results: list[Result]) -> dict[str, Any]:
    history = [
        {
            "epoch": e,
            "loss": 2.0 / e,
            "accuracy": 40.0 + e,
            "val_clean": 60.0 + e,
            "val_-5db": 30.0 + e,
            "val_mean": 45.0,
        }
        for e in (1, 2, 3, 4, 5)
    ]
    protocol = {
        "split_rule": "by <speaker>",
        "speaker_disjoint": "yes",
        "counts": {"train": dict.fromkeys(labels, 800), "test": dict.fromkeys(labels, 13)},
        "groups": {"train": 40, "test": 7},
        "unknown_words": {f"word{i}": i for i in range(100)},
        "notes": ["3 files <resampled>"],
    }
    return {
        "title": "Lamp & <switch>",
        "summary": {
            "model": "drsn-cw",
            "labels": list(labels),
            "parameters": 65138,
            "macs": 1490000,
            "best_epoch": 4,
            "epochs": 5,
            "training_noise": ["white"],
            "protocol": protocol,
            "notes": ["train: <note>"],
            "git_revision": "abc123+",
            "versions": {"keras": "3.99.1"},
        },
        "config": {"seed": 4711, "noise_kinds": ["white"], "augment": {"snr_db": [-10.0, 20.0]}},
        "history": history,
        "results": results,
        "labels": labels,
        "thresholds": make_thresholds(2),
        "sounds": make_sounds(labels),
        "bundles": [{"scheme": "int8", "size_bytes": 97344, "sha256": "0f" * 32, "input": {"dtype": "int8"}}],
        "verification": {"verification": [{"noise": "none", "agreement": 99.25}], "passed": True},
        "synthetic": True,
        "commands": ["drsn-train keywords --out <run> && echo done"],
    }


def check_sound(page: Page) -> None:
    """What holds for every page."""
    assert page.faults == []
    assert page.source.startswith("<!DOCTYPE html>")
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("title")) == len(page.all("h1")) == 1
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    for _, attrs in page.elements:
        for name in ("src", "srcset", "href"):
            value = attrs.get(name)
            assert value is None or value.startswith("data:") or value.removeprefix("#") in ids
        if "aria-labelledby" in attrs:
            assert attrs["aria-labelledby"] in ids
    assert "http://" not in page.source
    assert "https://" not in page.source
    assert "@import" not in page.source
    assert not re.search(r"\bnan\b|\bNone\b|\{\{|\{%", page.text)
    assert all("alt" in attrs for attrs in page.all("img"))
    assert len(page.all("caption")) == len(page.all("table"))
    assert len(page.source.encode()) < 3_000_000
