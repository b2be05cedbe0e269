"""Bearing frequencies against published values, and lines found in spectra with known content."""

from __future__ import annotations

import numpy as np
import pytest

from drsn_keras.errors import DataError, UsageError
from drsn_keras.machinery import (
    KNOWN_BEARINGS,
    BearingGeometry,
    bearing_lines,
    count_found,
    expected_lines,
    strongest_defect,
)

CWRU = KNOWN_BEARINGS["6205-2RS"]


def test_published_orders_of_the_6205():
    orders = CWRU.orders()
    assert orders["BPFI"] == pytest.approx(5.4152, abs=1e-4)
    assert orders["BPFO"] == pytest.approx(3.5848, abs=1e-4)
    assert orders["FTF"] == pytest.approx(0.39828, abs=1e-4)
    # Listed there as the ball's frequency: both strikes of a spin.
    assert 2 * orders["BSF"] == pytest.approx(4.7135, abs=1e-3)


@pytest.mark.parametrize(
    ("name", "speed_rpm", "published_hz"),
    [
        # IMS: 2000 rpm, contact angle 15.17 degrees.
        ("ZA-2115", 2000, {"BPFO": 236.4, "BPFI": 296.9, "BSF": 139.9, "FTF": 14.8}),
        # MFPT: 25 Hz.
        ("NICE", 1500, {"BPFO": 81.125, "BPFI": 118.875}),
    ],
)
def test_published_frequencies(name, speed_rpm, published_hz):
    found = KNOWN_BEARINGS[name].frequencies_hz(speed_rpm)
    for defect, frequency_hz in published_hz.items():
        assert found[defect] == pytest.approx(frequency_hz, rel=2e-3), defect


@pytest.mark.parametrize("bearing", KNOWN_BEARINGS.values(), ids=KNOWN_BEARINGS)
def test_races_share_all_the_elements(bearing):
    orders = bearing.orders()
    assert orders["BPFO"] + orders["BPFI"] == pytest.approx(bearing.n_elements)
    assert orders["BPFO"] == pytest.approx(bearing.n_elements * orders["FTF"])


@pytest.mark.parametrize(
    ("values", "at_fault"),
    [
        ((2, 7.9, 39.0), "n_elements"),
        ((9.0, 7.9, 39.0), "n_elements"),
        ((9, 39.0, 39.0), "element_diameter_mm"),
        ((9, 0.0, 39.0), "element_diameter_mm"),
        ((9, 7.9, float("nan")), "pitch_diameter_mm"),
        ((9, 7.9, 39.0, 90.0), "contact_angle_deg"),
    ],
)
def test_impossible_geometry_is_refused(values, at_fault):
    with pytest.raises(UsageError, match=at_fault):
        BearingGeometry(*values)


@pytest.mark.parametrize("speed_rpm", [None, 0, -1800, float("inf"), True, "1800"])
def test_speed_is_never_guessed(speed_rpm):
    with pytest.raises(UsageError, match="speed_rpm"):
        CWRU.frequencies_hz(speed_rpm)


def test_sidebands_stand_shaft_and_cage_frequencies_away():
    lines = expected_lines(CWRU, 1800, n_harmonics=1, n_sidebands=1)
    at = {(line.defect, line.sideband): line.frequency_hz for line in lines}
    assert set(at) == {("BPFO", 0), *((d, s) for d in ("BPFI", "BSF") for s in (-1, 0, 1))}
    assert at["BPFI", 1] - at["BPFI", 0] == pytest.approx(30.0)
    assert at["BSF", 0] - at["BSF", -1] == pytest.approx(30.0 * CWRU.orders()["FTF"])
    assert at["BSF", 0] == pytest.approx(30.0 * 4.7135, rel=1e-3)


def spectrum(peaks, spacing_hz=0.1, end_hz=1000.0, seed=0):
    """Rayleigh noise of median 1 with lines at given frequencies."""
    frequency_hz = np.arange(0.0, end_hz, spacing_hz)
    noise = np.random.default_rng(seed).rayleigh(1.0 / np.sqrt(2.0 * np.log(2.0)), len(frequency_hz))
    for at_hz, height in peaks:
        noise[round(at_hz / spacing_hz)] = height
    return frequency_hz, noise


@pytest.mark.parametrize(("off", "found"), [(0.0, 3), (0.019, 3), (-0.019, 3), (0.024, 0), (-0.024, 0)])
def test_lines_count_within_two_percent(off, found):
    base_hz = CWRU.frequencies_hz(1800)["BPFO"] * (1.0 + off)
    lines = bearing_lines(*spectrum([(base_hz * k, 100.0) for k in (1, 2, 3)]), CWRU, 1800, defects=["BPFO"])
    assert count_found(lines, chance=1e-6) == {"BPFO": (found, 3)}
    if found:
        assert lines[0].amplitude == 100.0
        assert lines[0].contrast_db == pytest.approx(40.0, abs=0.7)
        assert lines[0].found_hz == pytest.approx(base_hz, abs=0.06)


def test_chance_is_the_false_alarm_rate_of_noise():
    chances = [
        line.chance for seed in range(60) for line in bearing_lines(*spectrum([], seed=seed), CWRU, 1800, n_harmonics=2)
    ]
    # 360 lines: uniform in 0 to 1.
    assert np.mean(np.array(chances) < 0.1) == pytest.approx(0.1, abs=0.06)
    assert np.mean(chances) == pytest.approx(0.5, abs=0.08)


def test_strongest_defect_needs_its_fundamental():
    orders_hz = CWRU.frequencies_hz(1800)
    inner = bearing_lines(*spectrum([(orders_hz["BPFI"] * k, 100.0) for k in (1, 2)]), CWRU, 1800)
    assert strongest_defect(inner) == "BPFI"
    # 3 BPFO and 2 BPFI are 0.7 % apart: a higher harmonic alone names nothing.
    assert strongest_defect(bearing_lines(*spectrum([(orders_hz["BPFO"] * 3, 100.0)]), CWRU, 1800)) is None
    assert strongest_defect(bearing_lines(*spectrum([]), CWRU, 1800)) is None


def test_bad_spectra_are_refused_in_a_line():
    frequency_hz, amplitude = spectrum([])
    with pytest.raises(DataError, match=r"Hz a bin.*longer signal.*got 12 Hz"):
        bearing_lines(frequency_hz * 120, amplitude, CWRU, 1800)
    with pytest.raises(DataError, match=r"lines from 107\.5 Hz, got an end at 49\.9 Hz"):
        bearing_lines(frequency_hz[:500], amplitude[:500], CWRU, 1800)
    with pytest.raises(DataError, match="NaN"):
        bearing_lines(frequency_hz, np.where(frequency_hz == 0.0, np.nan, amplitude), CWRU, 1800)
    with pytest.raises(DataError, match="one length"):
        bearing_lines(frequency_hz[1:], amplitude, CWRU, 1800)
    with pytest.raises(UsageError, match="defect"):
        bearing_lines(frequency_hz, amplitude, CWRU, 1800, defects=["BPFX"])
    with pytest.raises(UsageError, match="tolerance"):
        bearing_lines(frequency_hz, amplitude, CWRU, 1800, tolerance=0.5)
    with pytest.raises(UsageError, match="n_harmonics"):
        bearing_lines(frequency_hz, amplitude, CWRU, 1800, n_harmonics=0)
