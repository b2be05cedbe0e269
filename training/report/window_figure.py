"""One window of a machine, clean and in noise: waveform, amplitude spectrum, envelope spectrum."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from drsn_keras.errors import DataError
from drsn_keras.machinery import amplitude_spectrum, envelope_spectrum

from .sentences import decibels
from .sounds import SoundExample
from .style import Theme, new_figure, shorten
from .window_view import WindowView

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Faster modulations than this [Hz] are none of a bearing's first lines.
_ENVELOPE_TO_HZ = 1000.0
#: Amplitudes below this share of the largest are not drawn.
_FLOOR = 1e-4


def form_name(form: SoundExample) -> str:
    """``Clean``, or noise and level."""
    return "Clean" if math.isinf(form.snr_db) else f"{form.noise}, {decibels(form.snr_db)}"


def draw_window(forms: Sequence[SoundExample], view: WindowView, theme: Theme) -> Figure:
    """A row a form, a column a view; heights compare down a column."""
    columns = 2 if view.band_hz is None else 3
    figure = new_figure(8.6, 1.25 * len(forms) + 0.75)
    panels = figure.subplots(len(forms), columns, squeeze=False, sharex="col", sharey="col")
    for row, form in zip(panels, forms, strict=True):
        y = form.y.astype(np.float64) * view.full_scale
        rate_hz = form.sample_rate_hz
        row[0].plot(1000 * np.arange(len(y)) / rate_hz, y, color=theme.series[0], linewidth=0.6)
        row[0].set_title(shorten(form_name(form).replace("\u00a0", " "), 30), fontsize=10, pad=3)
        _spectrum(row[1], *_of(amplitude_spectrum, y, rate_hz), theme.series[2])
        row[1].set_yscale("log")
        row[1].yaxis.set_major_formatter("{x:g}")
        if view.band_hz is not None:
            row[1].axvspan(*view.band_hz, color=theme.muted, alpha=0.13, linewidth=0)
            _spectrum(row[2], *_of(envelope_spectrum, y, rate_hz, view.band_hz), theme.series[1])
    _limits(panels, view)
    for axes, label in zip(panels[-1], ("Time [ms]", "Frequency [Hz]", "Modulation [Hz]"), strict=False):
        axes.set_xlabel(label)
    for axes, title in zip(panels[0, 1:], ("Amplitude spectrum", "Envelope spectrum"), strict=False):
        axes.set_title(title, fontsize=10, pad=3)
    for axes in panels.flat:
        axes.tick_params(labelsize=8.5)
    figure.supylabel(f"Amplitude [{view.unit_text}]", fontsize=10.5)
    return figure


def _of(transform, *arguments) -> tuple[np.ndarray, np.ndarray]:
    """A spectrum; empty for a window that is constant."""
    try:
        return transform(*arguments)
    except DataError:
        return np.zeros(0), np.zeros(0)


def _spectrum(axes: Axes, frequency_hz: np.ndarray, amplitude: np.ndarray, color: str) -> None:
    axes.plot(frequency_hz[1:], amplitude[1:], color=color, linewidth=0.8)


def _limits(panels: np.ndarray, view: WindowView) -> None:
    """The largest value of a column just fits; the axes begin at 0 where that is their end."""
    tops = [max((float(line.get_ydata().max()) for line in a.lines if len(line.get_ydata())), default=1.0)
            for a in panels.T.flat]  # fmt: skip
    spectrum, *envelope = np.reshape(tops, (panels.shape[1], -1)).max(axis=1)[1:]
    panels[0, 1].set_ylim(_FLOOR * spectrum, 2 * spectrum)
    panels[0, 0].margins(x=0)
    panels[0, 1].set_xlim(left=0)
    if envelope:
        panels[0, 2].set_ylim(0, 1.08 * envelope[0])
        panels[0, 2].set_xlim(0, min(_ENVELOPE_TO_HZ, view.band_hz[1] - view.band_hz[0]))
