"""Parts of a vibration page: the two vocabularies, the command line, figures of odd windows."""

from __future__ import annotations

import argparse
import dataclasses
import math
import shlex

import numpy as np
import pytest

from drsn_keras.frontend import WindowSpec
from drsn_keras.training import vibration_command
from drsn_keras.training.report.players import player_groups
from drsn_keras.training.report.sentences import loudness
from drsn_keras.training.report.sounds import SoundExample
from drsn_keras.training.report.style import LIGHT
from drsn_keras.training.report.terms import KEYWORDS, VIBRATION, terms_of
from drsn_keras.training.report.vibration_commands import training_command
from drsn_keras.training.report.window_figure import draw_window
from drsn_keras.training.report.window_view import WindowView
from drsn_keras.training.vibration.config import VibrationConfig


def test_a_task_has_its_vocabulary() -> None:
    assert terms_of("vibration") is VIBRATION
    assert terms_of("keywords") is terms_of(None) is KEYWORDS
    for field in dataclasses.fields(KEYWORDS):
        assert getattr(KEYWORDS, field.name)
        assert getattr(VIBRATION, field.name)
    assert loudness(-10.0) == "noise 10.0 times as strong as the speech"
    assert loudness(20.0, VIBRATION) == "vibration 100 times as strong as the noise"


def parsed(line: str) -> tuple[dict, dict]:
    """What ``drsn-train vibration`` makes of a command line."""
    program, *words = shlex.split(line)
    assert program == "drsn-train"
    parser = argparse.ArgumentParser()
    vibration_command.add(parser.add_subparsers())
    arguments = parser.parse_args(words)
    return vibration_command._given(arguments), vibration_command._window(arguments)


SPEC = WindowSpec(full_scale=64.0, n_samples=2048, hop_length=1024)


@pytest.mark.parametrize(
    ("fields", "spec"),
    [
        ({}, SPEC),
        ({"machines": 4, "held_out": "drivetrain-002", "noise_kinds": (), "deterministic": True}, SPEC),
        (
            {
                "data": "/data/our pumps",
                "source": "folder",
                "layout": {"unit": "m/s^2", "sample_rate_hz": 25600.0, "name_regex": r"(?P<machine>p\d) (?P<rpm>\d+)"},
                "split": "leave-one-load-out",
                "held_out": "3 hp",
                "without": "recording",
                "resample_hz": 12000.0,
                "noise": ("/data/hall", "/data/yard 2"),
                "snr_db": (-15.0, 10.0),
                "noisy": 0.5,
                "healthy": ("good", "new"),
                "model": "wdcnn",
                "width": 0.5,
                "learning_rate": 1e-3,
                "seed": 7,
            },
            dataclasses.replace(
                SPEC,
                n_samples=1024,
                hop_length=300,
                channels=("signal", "envelope_spectrum"),
                band_hz=(1500.1234567, 3000.0),
            ),
        ),
    ],
)
def test_the_command_trains_the_same_again(fields: dict, spec: WindowSpec) -> None:
    config = VibrationConfig(**fields, front_end=spec.to_dict())
    given, window = parsed(training_command(config, "runs/again"))
    again = VibrationConfig(**given, front_end=config.front_end)
    # Folders are named without the path of the machine that they lay on.
    names = {"data": config.data and config.data.rpartition("/")[2]}
    names["noise"] = tuple(folder.rpartition("/")[2] for folder in config.noise)
    for field in dataclasses.fields(config):
        value = getattr(again, field.name)
        if field.name == "data":
            value = value and value.rpartition("/")[2]
        if field.name == "noise":
            value = tuple(folder.rpartition("/")[2] for folder in value)
        assert value == names.get(field.name, getattr(config, field.name)), field.name
    usual = {"n_samples": 2048, "hop_length": 1024, "channels": ("signal",), "band_hz": None}
    for name, value in {**usual, **window}.items():
        assert value == getattr(spec, name), name


def forms(y: np.ndarray) -> list[SoundExample]:
    return [
        SoundExample("worn · a", "worn", snr_db, noise, (y * gain).astype(np.float32), 12000, {"keras": ("worn", 0.6)})
        for snr_db, noise, gain in ((math.inf, "none", 1.0), (10.0, "white", 2.0))
    ]


def test_a_figure_has_units_and_values() -> None:
    t = np.arange(2048) / 12000
    y = (1 + 0.5 * np.cos(2 * np.pi * 93.75 * t)) * np.sin(2 * np.pi * 3000 * t) / 64
    figure = draw_window(forms(y), WindowView("m/s^2", 64.0, (2500.0, 3500.0)), LIGHT)
    assert figure.get_supylabel() == "Amplitude [m/s²]"
    panels = figure.axes
    assert len(panels) == 6
    assert [a.get_xlabel() for a in panels[3:]] == ["Time [ms]", "Frequency [Hz]", "Modulation [Hz]"]
    wave, spectrum, envelope = (a.lines[0].get_xydata() for a in panels[:3])
    # In real units again: amplitude 1, modulated by half of it 93.75 times a second.
    assert wave[-1, 0] == pytest.approx(1000 * 2047 / 12000)
    assert np.abs(wave[:, 1]).max() == pytest.approx(1.5, abs=0.01)
    assert spectrum[spectrum[:, 1].argmax()] == pytest.approx([3000, 1], abs=0.01)
    assert envelope[envelope[:, 1].argmax()] == pytest.approx([93.75, 0.5], abs=0.01)
    assert [panels[i].get_title() for i in (0, 3)] == ["Clean", "white, 10 dB"]
    # Both rows share their scale.
    assert panels[0].get_ylim() == panels[3].get_ylim()
    assert panels[0].get_ylim()[1] > 2.9


def test_short_and_constant_windows_are_drawn() -> None:
    """No band where windows are too short for one; a dead sensor draws a line and no spectrum."""
    figure = draw_window(forms(np.full(64, 0.25)), WindowView("g", 1.0, None), LIGHT)
    assert len(figure.axes) == 4
    figure.canvas.draw()
    assert len(figure.axes[1].lines[0].get_xdata()) == 0


def test_nothing_is_played_for_a_machine() -> None:
    assert player_groups(()) == ([], 0)
