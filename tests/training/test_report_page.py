"""The page itself: one sound file of HTML that holds what the results say and needs nothing else."""

from __future__ import annotations

import base64
import io
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image

from drsn_keras.training.conditions import wilson_interval
from drsn_keras.training.report import write_report

from .test_report_cases import NASTY, Page, arguments, check_sound, make_results


@pytest.fixture(scope="module")
def full() -> dict[str, Any]:
    return arguments(NASTY, make_results(4, 120))


@pytest.fixture(scope="module")
def written(full: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(tmp_path_factory.mktemp("run"), **full)


@pytest.fixture(scope="module")
def page(written: Path) -> Page:
    return Page(written)


def test_the_page_is_sound_and_whole(page: Page) -> None:
    check_sound(page)
    assert all(attrs["alt"] for attrs in page.all("img") if attrs["width"] != "240")
    for part in (
        "accuracy",
        "noises",
        "thresholds",
        "confusions",
        "listen",
        "training",
        "device",
        "protocol",
        "limits",
    ):
        assert f'href="#{part}"' in page.source
    for said in ("65,138", "1.49 M", "97.3", "99.25", "4711", "3.99.1", "abc123+", "uncommitted", "−10 to 20 dB"):
        assert said in page.text, said
    # 100 words are folded away.
    assert "word99: 99" in page.text
    assert len(page.all("details")) >= 3


def test_every_result_stands_on_the_page(page: Page, full: dict[str, Any]) -> None:
    body = page.source[page.source.index('id="measurements"') :]
    body = body[: body.index("</table>")]
    rows = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"<tr><td>.*?</tr>", body)]
    assert rows == [[str(v) for v in result.row().values()] for result in full["results"]]
    # The headline: int8 clean, and at 0 dB the mean of both noises, worked out here.
    clean, *zero = [
        100 * np.mean(r.predicted == r.truth)
        for r in full["results"]
        if r.scheme == "int8" and r.condition.snr_db in {math.inf, 0.0}
    ]
    assert f"{clean:.1f} % of clean clips" in page.text
    assert f"{np.mean(zero):.1f} % at 0 dB (noise as strong as the speech)" in page.text
    result = next(r for r in full["results"] if r.scheme == "int8" and r.condition.clean)
    low, high = wilson_interval(result.correct, len(result.truth))
    assert f"[{low:.1f} to {high:.1f}]" in page.text


def test_words_of_the_data_are_escaped(page: Page) -> None:
    assert not page.all("b") or all(not attrs for attrs in page.all("b"))
    assert "<b>bold" not in page.source
    assert "&lt;b&gt;bold&lt;/b&gt;" in page.source
    for raw in ("<switch>", "<speaker>", "<resampled>", "<note>", "<run>"):
        assert raw not in page.source
        assert raw in page.text
    assert 'say "$x^" & go' in page.text
    assert "日本語の単語" in page.text


def test_unseen_noise_is_marked(page: Page) -> None:
    groups = re.findall(r'scope="colgroup">(.*?)</th>', page.source)
    assert groups == ["Heard in training", "Never heard in training"]
    unseen = page.source[page.source.index("Never heard in training</th>") :]
    row = unseen[unseen.index('<th scope="row">impulsive</th>') :]
    assert row[: row.index("</tr>")].count("unseen") == 1


def test_does_tau_grow_is_answered(page: Page) -> None:
    assert "Yes, in all 2 blocks: from 10 dB to −5 dB the mean τ grows 1.3 to 1.8-fold." in page.text


def test_sounds_play_and_hold_the_snr(page: Page) -> None:
    players = page.all("audio")
    assert len(players) == 6
    assert all("controls" in attrs and attrs["aria-label"] for attrs in players)
    waves = []
    for attrs in players:
        kind, _, data = attrs["src"].partition(",")
        assert kind == "data:audio/wav;base64"
        y, rate_hz = soundfile.read(io.BytesIO(base64.b64decode(data)))
        assert (rate_hz, y.shape) == (8000, (2000,))
        assert np.abs(y).max() < 1
        waves.append(y)
    for clean, zero, minus_five in (waves[:3], waves[3:]):
        for wanted, mixed in ((0.0, zero), (-5.0, minus_five)):
            measured = 10 * np.log10(np.mean(clean**2) / np.mean((mixed - clean) ** 2))
            assert measured == pytest.approx(wanted, abs=0.05)
    assert page.text.count("✓") == page.text.count("✗") == 6
    assert "the same gain" in page.text


def test_figures_lie_beside_the_page(written: Path, page: Page) -> None:
    names = {"accuracy_over_snr", "accuracy_by_noise", "confusion_matrix", "threshold_over_snr", "training"}
    files = {path.stem: path for path in (written.parent / "figures").iterdir()}
    assert set(files) == names
    for path in files.values():
        with Image.open(path) as image:
            assert image.format == "PNG"
            assert 700 <= image.width <= 2400
            assert 400 <= image.height <= 2400
            # Something is drawn on the white.
            shades = np.asarray(image.convert("L"))
            assert shades.max() == 255
            assert 0.005 < np.mean(shades < 200) < 0.6
        assert base64.b64encode(path.read_bytes()).decode() in page.source
    # Each has a dark form.
    assert len(page.all("source")) == len(names)
    for attrs in page.all("source"):
        assert attrs["media"] == "(prefers-color-scheme: dark)"
        dark = np.asarray(Image.open(io.BytesIO(base64.b64decode(attrs["srcset"].partition(",")[2]))).convert("L"))
        assert np.median(dark) < 60


def test_synthetic_speech_is_said_first(page: Page, full: dict[str, Any], tmp_path: Path) -> None:
    assert [attrs for attrs in page.all("p") if attrs.get("id") == "synthetic"]
    assert page.source.index("Synthetic speech.") < page.source.index('class="lead"')
    assert "(synthetic speech)</title>" in page.source
    real = Page(write_report(tmp_path, **{**full, "synthetic": False, "sounds": ()}))
    assert "synthe" not in real.text.lower()


def test_equal_arguments_give_equal_bytes(written: Path, full: dict[str, Any], tmp_path: Path) -> None:
    again = write_report(tmp_path / "again", **full)
    assert again.read_bytes() == written.read_bytes()
    for path in sorted((written.parent / "figures").iterdir()):
        assert (again.parent / "figures" / path.name).read_bytes() == path.read_bytes()
