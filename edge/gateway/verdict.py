"""What the network of a bundle says of a record: one label, or that it abstains and why."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from drsn_keras.errors import DataError, DrsnError, mismatch

from ..bundle import Bundle
from ..monitor import REASONS, ConditionMonitor, MonitorVerdict
from ..monitor_rate import at_model_rate
from ..monitor_summary import summarize
from ..monitor_unit import unit_factor
from .machine_config import MachineConfig


@dataclasses.dataclass(frozen=True)
class Verdict:
    """Of the windows of one record.

    Parameters
    ----------
    label : str or None
        Of most classified windows; None where it abstains.
    healthy : bool or None
        Whether the card calls the label healthy; None without a label or where the card names no healthy one.
    healthy_probability : float or None
        Mean over the classified windows; None where it abstains or the card names no healthy label.
    probability : float or None
        Mean over the windows of the label.
    share : float or None
        Of the classified windows.
    reason : str or None
        Why it abstains; see :data:`~drsn_keras.edge.monitor.REASONS`.
    windows, classified : int
    novelty : float or None
        Median; above 1 is unlike anything trained on.
    noise_level_db : float or None
        Median, where the bundle tells it.
    """

    label: str | None
    healthy: bool | None
    healthy_probability: float | None
    probability: float | None
    share: float | None
    reason: str | None
    windows: int
    classified: int
    novelty: float | None
    noise_level_db: float | None

    def to_dict(self) -> dict[str, Any]:
        """As a record's state has it, the reason also in words."""
        values = dataclasses.asdict(self)
        del values["noise_level_db"]
        return {**values, "reason_text": None if self.reason is None else REASONS[self.reason]}


class NetworkVerdict:
    """Shows a bundle's network windows of a machine's records; every record is judged by itself.

    Parameters
    ----------
    bundle : Bundle
    machine : MachineConfig

    Attributes
    ----------
    refusal : str
        Why this machine's samples cannot be shown to this network at all; empty where they can.
    """

    def __init__(self, bundle: Bundle, machine: MachineConfig) -> None:
        self._monitor = ConditionMonitor(bundle)
        self._machine, self._factor, self.refusal = machine, 1.0, ""
        try:
            self._factor = unit_factor(machine.name, machine.unit or "none", self._monitor.spec.unit)
            self._check_rate()
        except DrsnError as error:
            self.refusal = str(error)

    def _check_rate(self) -> None:
        front_end, machine = self._monitor.front_end, self._machine
        # Two windows of any numbers, at the machine's rate: the rate is refused as it would be of a record.
        least = 2 * int(np.ceil(front_end.n_samples * machine.sample_rate_hz / front_end.sample_rate_hz))
        at_model_rate(np.zeros(min(least, 1 << 16)), machine.sample_rate_hz, front_end.sample_rate_hz, machine.name)
        if machine.n_samples * front_end.sample_rate_hz < front_end.n_samples * machine.sample_rate_hz:
            expected = f"at least {front_end.n_samples / front_end.sample_rate_hz:.3g} s (a window of the model)"
            raise DataError(mismatch(f"{machine.name}, record_s", expected, f"{machine.record_s:g}"))

    def judge(self, samples: np.ndarray) -> Verdict:
        """A record's samples [shape=(n,), float64, the machine's unit]; ``refusal`` has to be empty."""
        monitor = self._monitor
        monitor.reset()
        rate_hz, n = monitor.front_end.sample_rate_hz, monitor.front_end.n_samples
        shown, clipped = at_model_rate(samples, self._machine.sample_rate_hz, rate_hz, self._machine.name)
        count = min(self._machine.verdict_windows, max(1, (len(shown) - n) // monitor.front_end.hop_length + 1))
        verdicts = [
            monitor.judge(shown[first : first + n] * self._factor, clipped[first : first + n], (first + n) / rate_hz)
            for first in np.linspace(0, len(shown) - n, count).astype(int).tolist()
        ]
        return self._verdict(verdicts)

    def _verdict(self, verdicts: list[MonitorVerdict]) -> Verdict:
        found, spec = summarize(verdicts), self._monitor.spec
        label, healthy, healthy_probability = found["state"], None, None
        if label is not None and spec.healthy:
            healthy = label in spec.healthy
            sound = np.array([name in spec.healthy for name in self._monitor.bundle.card.labels])
            classified = [float(v.probabilities[sound].sum()) for v in verdicts if v.label is not None]
            healthy_probability = round(min(1.0, max(0.0, float(np.mean(classified)))), 4)
        return Verdict(
            label=label,
            healthy=healthy,
            healthy_probability=healthy_probability,
            probability=found["probability"],
            share=found["share"],
            reason=found["reason"],
            windows=found["windows"],
            classified=found["classified"],
            novelty=_median([v.novelty for v in verdicts], 3),
            noise_level_db=_median([v.noise_level_db for v in verdicts], 1),
        )


def _median(values: list[float | None], digits: int) -> float | None:
    known = [value for value in values if value is not None and np.isfinite(value)]
    return round(float(np.median(known)), digits) if known else None
