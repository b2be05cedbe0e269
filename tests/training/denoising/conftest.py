"""Figures of a quarter of their size: what is tested of them is that they are there."""

from __future__ import annotations

import pytest

from drsn_keras.training.report import figures, style


@pytest.fixture(autouse=True)
def small_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (style, figures):
        monkeypatch.setattr(module, "DPI", 48)
