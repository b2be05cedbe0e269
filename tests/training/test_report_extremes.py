"""Pages of little and of much: one clip, 36 classes, one noise, missing levels, nothing at all."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drsn_keras.errors import DataError
from drsn_keras.training.conditions import Condition
from drsn_keras.training.evaluate import Result
from drsn_keras.training.report import write_report

from .test_report_cases import NASTY, Page, arguments, check_sound, make_results, make_thresholds


def test_thresholds_of_one_noise_say_so(tmp_path: Path) -> None:
    full = arguments(NASTY, make_results(4, 30))
    rows = [row for row in full["thresholds"] if row.noise in {"none", "white"}]
    text = Page(write_report(tmp_path, **{**full, "thresholds": rows, "sounds": ()})).text
    assert "Measured in white noise." in text
    assert "1 of 1 kinds" in text


def test_little_to_report(tmp_path: Path) -> None:
    """Clean only, one clip, two classes, an empty run: still a page; what an older page left is taken away."""
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "threshold_over_snr.png").write_bytes(b"old")
    results = [Result("resnet", "keras", Condition("none", math.inf, True), np.array([1]), np.array([1]))]
    path = write_report(tmp_path, title="t", summary={}, config={}, history=[], results=results, labels=("a", "b"))
    page = Page(path)
    check_sound(page)
    assert "Of 1 test clips" in page.text
    assert "Nothing was confused." in page.text
    assert page.all("audio") == []
    for missing in ("noises", "thresholds", "listen", "training", "device"):
        assert f'id="{missing}"' not in page.source
    assert {p.stem for p in (tmp_path / "figures").iterdir()} == {"accuracy_over_snr", "confusion_matrix"}


def test_36_classes_four_schemes_two_levels_recordings(tmp_path: Path) -> None:
    labels = tuple(f"word number {i}" for i in range(36))
    noises = (("recorded", True), ("white", True), ("street/cars", True), ("street/rain", True))
    results = make_results(36, 40, (20.0, 15.0), noises, ("keras", "float32", "dynamic", "int8"))
    values = {**arguments(labels, results), "thresholds": make_thresholds(12), "bundles": (), "verification": None}
    page = Page(write_report(tmp_path, **values))
    check_sound(page)
    assert "Each recording by itself" in page.text
    # Neither 0 nor -5 dB was measured: the headline speaks of what was.
    assert "at 20 dB (speech 100 times as strong as the noise)" in page.text
    assert "over 2 kinds of noise, all heard in training" in page.text
    with Image.open(tmp_path / "figures" / "confusion_matrix.png") as image:
        assert image.width > 2 * 36 * 40


def test_nothing_to_report_is_an_error(tmp_path: Path) -> None:
    base = {"title": "t", "summary": {}, "config": {}, "history": []}
    with pytest.raises(DataError, match=r"^report: expected at least one result, got none$"):
        write_report(tmp_path, **base, results=[], labels=("a", "b"))
    with pytest.raises(DataError, match=r"^report, labels: expected a name for class 3, got 2 labels$"):
        write_report(tmp_path, **base, results=make_results(4, 30), labels=("a", "b"))
