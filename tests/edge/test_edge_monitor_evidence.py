"""Velocity, zones and bearing lines of a measurement: found where they are, refused where they cannot be."""

import json

import numpy as np
import pytest

from drsn_keras.edge.monitor import MonitorVerdict
from drsn_keras.edge.monitor_evidence import Machine, evidence, parse_bearing
from drsn_keras.edge.monitor_file import read_recording
from drsn_keras.edge.monitor_report import summary_line, window_line, window_result
from drsn_keras.edge.monitor_summary import summarize
from drsn_keras.errors import DataError
from drsn_keras.machinery import KNOWN_BEARINGS
from drsn_keras.recording import Measurement, SignalFacts, measurement

BEARING = KNOWN_BEARINGS["6205-2RS"]
RATE = 12000


def struck(hz, seconds=4.0, gain=1.0):
    """Impulses that ring at 3 kHz, in noise [m/s^2]."""
    t = np.arange(round(seconds * RATE)) / RATE
    since = t % (1.0 / hz)
    ringing = np.exp(-since * 800.0) * np.sin(2 * np.pi * 3000.0 * since)
    return gain * (ringing + 0.1 * np.random.default_rng(0).standard_normal(len(t)))


@pytest.mark.parametrize("defect", ["BPFO", "BPFI", "BSF"])
def test_the_struck_part_is_named(defect):
    hz = BEARING.frequencies_hz(1500)[defect] * (2.0 if defect == "BSF" else 1.0)
    found = evidence(Measurement("a", struck(1.005 * hz), "m/s^2", RATE, 1500.0), Machine(BEARING))["bearing"]
    assert found["strongest"] == defect and found["found"][defect] == [3, 3]
    assert found["expected_hz"][defect] == pytest.approx(hz, abs=0.01)
    assert found["contrast_db"] > found["least_contrast_db"] == 26.0  # 4 s rather than 10
    assert found["band_hz"][0] < 3000.0 < found["band_hz"][1]


def test_noise_names_nothing():
    y = np.random.default_rng(0).standard_normal(4 * RATE)
    found = evidence(Measurement("a", y, "V", RATE, 1500.0), Machine(BEARING))
    assert found["bearing"]["strongest"] is None
    assert found["velocity_reason"] == "unit: expected g or m/s^2, got V"


def test_velocity_of_a_tone_and_its_zone():
    t = np.arange(4 * RATE) / RATE
    y = 10.0 * np.sin(2 * np.pi * 50.0 * t)
    found = evidence(Measurement("a", y, "m/s^2", RATE, 1500.0), Machine(None, 1, "rigid"))
    assert found["velocity_rms_mm_s"] == pytest.approx(22.51, abs=0.01)
    assert found["iso"] == {"zone": "D", "group": 1, "foundation": "rigid"}
    assert found["velocity_band_hz"] == [10.0, 1000.0] and "bearing" not in found
    slow = np.sin(2 * np.pi * 5.0 * np.arange(6 * RATE) / RATE)
    found = evidence(Measurement("a", slow, "m/s^2", RATE, 300.0), Machine())
    assert found["velocity_band_hz"] == [2.0, 1000.0]  # 5 Hz is the shaft's
    assert found["velocity_rms_mm_s"] == pytest.approx(22.51, abs=0.05)
    assert "iso" not in found


@pytest.mark.parametrize(
    ("measured", "says"),
    [
        (Measurement("a", struck(50.0, 0.5), "g", RATE, 1500.0), "at least 1 s"),
        (Measurement("a", struck(50.0), "g", 1600.0, 1500.0), "half the rate"),
        (Measurement("a", np.ones(RATE * 2), "g", RATE, 1500.0), "a vibration, got the constant 1"),
        (Measurement("a", np.full(RATE * 2, np.nan), "g", RATE, 1500.0), "finite samples"),
        (
            Measurement("a", np.clip(np.sin(np.arange(24000) / 20.0), -0.9, 0.9), "g", RATE, 1500.0),
            "the sensor is clipped in ",
        ),
        (Measurement("a", 1e200 * struck(50.0), "g", RATE, 1500.0), "velocity: expected a finite number"),
    ],
)
def test_velocity_is_refused_with_a_reason(measured, says):
    found = evidence(measured, Machine(None, 1, "rigid"))
    assert says in found["velocity_reason"]
    assert "velocity_rms_mm_s" not in found and "iso" not in found
    json.dumps(found, allow_nan=False)


def test_lines_without_a_speed_are_refused():
    with pytest.raises(DataError, match=r"a\.csv, rpm: expected --rpm"):
        evidence(Measurement("a.csv", struck(50.0), "g", RATE), Machine(BEARING))
    found = evidence(Measurement("a", struck(50.0, 0.05), "g", RATE, 1500.0), Machine(BEARING))
    assert found["bearing_reason"].startswith("signal: expected at least 1024 samples")


def test_bearings_from_text():
    assert parse_bearing("ZA-2115") == KNOWN_BEARINGS["ZA-2115"] == parse_bearing("16,8.407,71.501,15.17")


def test_real_bearings(shared_data):
    found = {}
    for name in ("105_IR007_load0", "130_OR007at6_load0", "097_normal_load0"):
        measured = measurement(read_recording(shared_data / "vibration" / "cwru_12k_de" / f"{name}.npz"), SignalFacts())
        found[name[:3]] = evidence(measured, Machine(BEARING, 2, "rigid"))
    assert [f["bearing"]["strongest"] for f in found.values()] == ["BPFI", "BPFO", None]
    assert {f["iso"]["zone"] for f in found.values()} == {"A"}


def test_majority_ties_and_reasons():
    def window(label, probability=0.8, reason=None):
        return MonitorVerdict(1.0, label, reason, probability if label else None, health_percent=50.0)

    even = summarize([window("a", 0.7), window("b", 0.9), window("b", 0.9), window("a", 0.9)])
    assert (even["state"], even["share"], even["probability"]) == ("b", 0.5, 0.9)
    half = summarize([window("a"), window(None, reason="novel")])
    assert half["state"] == "a" and half["share"] == 1.0
    gone = summarize([window("a"), *[window(None, reason=r) for r in ("nan", "clipped", "clipped")]])
    assert half["health_percent"] == 50.0 and gone["health_percent"] is None
    assert gone["state"] is None and gone["reason"] == "clipped" and gone["abstained"] == {"clipped": 2, "nan": 1}


def test_lines_for_a_person():
    noisy = window_result(MonitorVerdict(1.0, "ok", None, 0.9, 0.5, None, None, 12.34), "a.wav")
    assert noisy["noise_level_db"] == 12.3
    assert window_line(noisy) == "a.wav  1.00 s  ok  0.90  noise 12 dB"
    summary = {
        "source": "a.wav",
        **summarize([MonitorVerdict(1.0, "ok", None, 0.9, 0.5, 80.0)]),
        "false_abstention_percent": 1.2,
        **evidence(
            Measurement("a", struck(BEARING.frequencies_hz(1500)["BPFO"]), "m/s^2", RATE, 1500.0),
            Machine(BEARING, 2, "rigid"),
        ),
    }
    line = summary_line(summary)
    assert line.startswith(
        "a.wav  summary  ok in 100 % of 1 classified windows, mean probability 0.90; abstained on 0 of 1 windows, "
        "1.2 % falsely on validation data; velocity "
    )
    assert ", ISO 20816-3 zone A (group 2, rigid); BPFO stands out by " in line
    assert ", 3 of 3 lines found (envelope of " in line and line.endswith(" Hz); health 80 %")
