"""One pass over the samples of a record: every feature is given, or refused with a reason."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from drsn_keras.errors import DataError, DrsnError, mismatch
from drsn_keras.machinery import (
    ACCELERATION_UNITS,
    ISO_BAND_HZ,
    FoundLine,
    KurtogramBand,
    amplitude_spectrum,
    bearing_lines,
    count_found,
    envelope_spectrum,
    good_fft_length,
    time_features,
    velocity_rms_mm_s,
)

from ..vibration_evidence import HARMONICS, choose_envelope_band, line_evidence, velocity_band_hz
from .machine_config import MachineConfig
from .normal_features import normal_features
from .sensor import SensorState, sensor_state

#: Names of the lines in features; a rolling element strikes both races in a turn, so that its lines are twice BSF's.
LINE_NAMES = {"BPFO": "bpfo", "BPFI": "bpfi", "BSF": "bsf2", "FTF": "ftf"}
_DIGITS = 6
_LEAST_SPECTRUM = 64


@dataclasses.dataclass(frozen=True, eq=False)
class Measured:
    """What a record's samples say, without memory of others.

    Parameters
    ----------
    features : dict of str to float
    refused : dict of str to str
    sensor : SensorState
    rms : float or None
        In the machine's unit.
    normal : np.ndarray [shape=(18,), float64] or None
        What the learned normal is of.
    spectrum, envelope : (np.ndarray, np.ndarray) or None
        Frequencies [Hz] and amplitudes in the machine's unit.
    lines : list of FoundLine
    evidence : dict or None
        What the bearing's lines say; see :func:`~drsn_keras.edge.vibration_evidence.line_evidence`.
    band : KurtogramBand or None
        That the envelope was taken of.
    low_hz : float
        Centre of the lowest band of ``normal``.
    """

    features: dict[str, float]
    refused: dict[str, str]
    sensor: SensorState
    rms: float | None = None
    normal: np.ndarray | None = None
    spectrum: tuple[np.ndarray, np.ndarray] | None = None
    envelope: tuple[np.ndarray, np.ndarray] | None = None
    lines: list[FoundLine] = dataclasses.field(default_factory=list)
    evidence: dict[str, Any] | None = None
    band: KurtogramBand | None = None
    low_hz: float = ISO_BAND_HZ[0]


def measure(
    samples: np.ndarray,
    machine: MachineConfig,
    rpm: float | None,
    rpm_range: tuple[float, float] | None = None,
    band: KurtogramBand | None = None,
) -> Measured:
    """Measure a record.

    Parameters
    ----------
    samples : np.ndarray [shape=(n,), float64]
        In the machine's unit; may hold NaN.
    machine : MachineConfig
    rpm : float or None
        Of the shaft, over this record.
    rpm_range : (float, float), optional
        Least and largest speed that was measured over it.
    band : KurtogramBand, optional
        To take the envelope of; None: the most impulsive one is looked for.
    """
    return _Measurement(samples, machine, rpm, rpm_range).measure(band)


class _Measurement:
    def __init__(
        self, samples: np.ndarray, machine: MachineConfig, rpm: float | None, rpm_range: tuple[float, float] | None
    ) -> None:
        self.samples, self.machine, self.rpm, self.rpm_range = samples, machine, rpm, rpm_range
        self.rate_hz = machine.sample_rate_hz
        # The spectra leave out a few samples at the end where a transform of all of them would be slow.
        self.body = samples[: good_fft_length(len(samples))]
        self.features: dict[str, float] = {}
        self.refused: dict[str, str] = {}
        self.rms: float | None = None

    def measure(self, band: KurtogramBand | None) -> Measured:
        sensor = sensor_state(self.samples)
        if sensor.fault is not None:
            names = ("velocity_rms_mm_s", "acceleration_rms_g", "crest", "kurtosis", "bearing_lines")
            return Measured({}, dict.fromkeys(names, sensor.text), sensor)
        shape = self._time_domain()
        self._velocity()
        spectrum = self._try("spectrum", lambda: amplitude_spectrum(self.body, self.rate_hz))
        normal, low_hz = None, velocity_band_hz(self.machine.rpm)[0]
        if spectrum is not None and np.isfinite(spectrum[1]).all() and shape is not None:
            normal = normal_features(*spectrum, *shape, low_hz)
        band, envelope = self._envelope(band)
        lines, evidence = self._lines(envelope)
        return Measured(
            features={name: float(f"{value:.{_DIGITS}g}") for name, value in self.features.items()},
            refused=self.refused,
            sensor=sensor,
            rms=self.rms,
            normal=normal if normal is not None and np.isfinite(normal).all() else None,
            spectrum=spectrum,
            envelope=envelope,
            lines=lines,
            evidence=evidence,
            band=band,
            low_hz=low_hz,
        )

    def _try(self, name: str, action: Any) -> Any:
        """A result, or None and the reason why among the refused."""
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                return action()
        except DrsnError as error:
            self.refused[name] = str(error)
            return None

    def _time_domain(self) -> tuple[float, float] | None:
        """Kurtosis and crest factor; RMS and peak where the unit is known."""
        found = self._try("kurtosis", lambda: time_features(self.samples))
        if found is None or not all(np.isfinite(value) for value in found.values()):
            self.refused.setdefault("kurtosis", mismatch("samples", "finite powers", "numbers too large"))
            return None
        kurtosis, crest = float(found["kurtosis"]), float(found["crest_factor"])
        self.rms = float(found["rms"])
        self.features |= {"kurtosis": kurtosis, "crest": crest}
        unit = self.machine.unit
        if unit in ACCELERATION_UNITS:
            in_g = ACCELERATION_UNITS[unit] / ACCELERATION_UNITS["g"]
            self.features |= {
                "acceleration_rms_g": self.rms * in_g,
                "peak_g": float(found["peak"]) * in_g,
            }
        else:
            self.refused["acceleration_rms_g"] = self._no_unit()
        return kurtosis, crest

    def _velocity(self) -> None:
        if self.machine.unit not in ACCELERATION_UNITS:
            self.refused["velocity_rms_mm_s"] = self._no_unit()
            return
        band_hz = velocity_band_hz(self.rpm)
        velocity = self._try(
            "velocity_rms_mm_s", lambda: velocity_rms_mm_s(self.body, self.rate_hz, self.machine.unit, band_hz)
        )
        if velocity is None:
            return
        if math.isfinite(velocity):
            self.features["velocity_rms_mm_s"] = velocity
        else:
            self.refused["velocity_rms_mm_s"] = mismatch("velocity", "a finite number", f"{velocity:g}")

    def _no_unit(self) -> str:
        return mismatch("unit", " or ".join(ACCELERATION_UNITS), self.machine.unit or "none")

    def _envelope(
        self, band: KurtogramBand | None
    ) -> tuple[KurtogramBand | None, tuple[np.ndarray, np.ndarray] | None]:
        if band is None:
            bearing = self.machine.bearing
            band = self._try("bearing_lines", lambda: choose_envelope_band(self.body, self.rate_hz, bearing, self.rpm))
        if band is None:
            return None, None
        envelope = self._try("bearing_lines", lambda: envelope_spectrum(self.body, self.rate_hz, band.edges_hz))
        if envelope is None or len(envelope[0]) < _LEAST_SPECTRUM or not np.isfinite(envelope[1]).all():
            self.refused.setdefault("bearing_lines", mismatch("envelope", "finite numbers", "another"))
            return band, None
        self.features |= {"envelope_low_hz": band.low_hz, "envelope_high_hz": band.high_hz}
        return band, envelope

    def _lines(self, envelope: tuple[np.ndarray, np.ndarray] | None) -> tuple[list[FoundLine], dict[str, Any] | None]:
        if envelope is None:
            return [], None
        found = self._try("bearing_lines", lambda: self._races(envelope))
        if found is None:
            return [], None
        # The cage turns so slowly that short records do not resolve it: it must not take the others with it.
        cage = self._try("ftf_contrast_db", lambda: self._search(envelope, ("FTF",)))
        lines = [*found, *(cage or ())]
        for line in lines:
            name = LINE_NAMES[line.defect]
            if line.harmonic == 1 and math.isfinite(line.contrast_db):
                self.features[f"{name}_contrast_db"] = line.contrast_db
        for defect, (count, _) in count_found(lines).items():
            self.features[f"{LINE_NAMES[defect]}_harmonics"] = float(count)
        # A cage's line is shown, not named: about half the shaft's frequency, looseness draws a line as well.
        return lines, line_evidence(found, len(self.body) / self.rate_hz)

    def _races(self, envelope: tuple[np.ndarray, np.ndarray]) -> list[FoundLine]:
        if self.machine.bearing is None:
            raise DataError(mismatch("bearing", "its geometry", "none"))
        if self.rpm is None:
            raise DataError(mismatch("rpm", "the shaft's speed (the lines move with it)", "none"))
        low, high = self.rpm_range or (self.rpm, self.rpm)
        tolerance = self.machine.rpm_tolerance
        if high - low > 2.0 * tolerance * self.rpm:
            expected = f"a speed within {tolerance:.1%} over the record"
            raise DataError(mismatch("rpm", expected, f"{low:g} to {high:g}"))
        return self._search(envelope, ("BPFO", "BPFI", "BSF"))

    def _search(self, envelope: tuple[np.ndarray, np.ndarray], defects: tuple[str, ...]) -> list[FoundLine]:
        return bearing_lines(
            *envelope,
            self.machine.bearing,
            self.rpm,
            tolerance=self.machine.rpm_tolerance,
            n_harmonics=HARMONICS,
            defects=defects,
        )
