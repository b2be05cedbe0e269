"""The lines that a bearing defect draws into an (envelope) spectrum: where they are expected, and what stands there."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence

import numpy as np

from ..errors import DataError, UsageError, mismatch
from .bearing import DEFECTS, BearingGeometry
from .checks import check_positive

#: Slip moves a line by up to this share of its frequency.
TOLERANCE = 0.02
#: The floor is the median over this many tolerances to either side.
_SURROUNDINGS = 5.0
_LEAST_SURROUNDINGS = 8
#: Rounding of a clean tone is no floor.
_LEAST_FLOOR = 1e-12


@dataclasses.dataclass(frozen=True)
class ExpectedLine:
    """Where a line stands if the defect is there.

    Parameters
    ----------
    defect : {"BPFO", "BPFI", "BSF", "FTF"}
    harmonic : int, >= 1
        Multiple of the defect's frequency; of twice BSF for a rolling element.
    sideband : int
        0 for the harmonic itself; +-1, 2 ... for lines beside it, shaft frequencies away for BPFI and cage
        frequencies away for BSF.
    frequency_hz : float
    """

    defect: str
    harmonic: int
    sideband: int
    frequency_hz: float


@dataclasses.dataclass(frozen=True)
class FoundLine(ExpectedLine):
    """The largest amplitude within the tolerance of an expected line.

    Parameters
    ----------
    found_hz : float
    amplitude : float
        In the spectrum's unit.
    contrast_db : float
        Over the median amplitude of the surroundings.
    chance : float, 0 to 1
        Probability that Gaussian noise alone has so large an amplitude within the tolerance: small is evidence.
    """

    found_hz: float
    amplitude: float
    contrast_db: float
    chance: float


def expected_lines(
    geometry: BearingGeometry,
    speed_rpm: float,
    n_harmonics: int = 3,
    n_sidebands: int = 0,
    defects: Sequence[str] = ("BPFO", "BPFI", "BSF"),
) -> list[ExpectedLine]:
    """Frequencies of the lines of each defect.

    Parameters
    ----------
    geometry : BearingGeometry
    speed_rpm : float, > 0
    n_harmonics : int, >= 1
    n_sidebands : int, >= 0
        To either side of each harmonic, for the defects that pass through the load zone (BPFI, BSF).
    defects : sequence of str
        Of :data:`DEFECTS`.

    Raises
    ------
    UsageError
        If the speed, a number or a name is out of its range.

    Examples
    --------
    >>> from drsn_keras.machinery import KNOWN_BEARINGS
    >>> lines = expected_lines(KNOWN_BEARINGS["6205-2RS"], 1797, n_harmonics=2, defects=["BPFO", "BSF"])
    >>> [(line.defect, line.harmonic, round(line.frequency_hz, 1)) for line in lines]
    [('BPFO', 1, 107.4), ('BPFO', 2, 214.7), ('BSF', 1, 141.2), ('BSF', 2, 282.3)]
    """
    for name, value, least in (("n_harmonics", n_harmonics, 1), ("n_sidebands", n_sidebands, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise UsageError(mismatch(name, f"a whole number from {least}", repr(value)))
    base_hz = geometry.frequencies_hz(speed_rpm)
    spacing_hz = {"BPFI": speed_rpm / 60.0, "BSF": base_hz["FTF"]}
    lines = []
    for defect in defects:
        if defect not in DEFECTS:
            raise UsageError(mismatch("defect", f"one of {', '.join(DEFECTS)}", repr(defect)))
        step_hz = base_hz[defect] * (2.0 if defect == "BSF" else 1.0)
        sides = range(-n_sidebands, n_sidebands + 1) if defect in spacing_hz else (0,)
        for harmonic in range(1, n_harmonics + 1):
            for side in sides:
                frequency_hz = harmonic * step_hz + side * spacing_hz.get(defect, 0.0)
                if frequency_hz > 0.0:
                    lines.append(ExpectedLine(defect, harmonic, side, frequency_hz))
    return lines


def bearing_lines(
    frequency_hz: np.ndarray,
    amplitude: np.ndarray,
    geometry: BearingGeometry,
    speed_rpm: float,
    *,
    tolerance: float = TOLERANCE,
    n_harmonics: int = 3,
    n_sidebands: int = 0,
    defects: Sequence[str] = ("BPFO", "BPFI", "BSF"),
) -> list[FoundLine]:
    """What stands in a spectrum where the lines of each defect are expected.

    Parameters
    ----------
    frequency_hz, amplitude : np.ndarray [shape=(n_bins,)]
        From :func:`~drsn_keras.machinery.envelope_spectrum` or :func:`~drsn_keras.machinery.amplitude_spectrum`;
        equally spaced from 0 Hz.
    geometry, speed_rpm, n_harmonics, n_sidebands, defects
        See :func:`expected_lines`.
    tolerance : float, 0 < tolerance < 0.2
        Share of the frequency that slip and an unsteady speed may move a line by.

    Returns
    -------
    list of FoundLine
        Lines above the spectrum's end are left out.

    Raises
    ------
    UsageError
        If an argument is out of its range.
    DataError
        If the spectrum is too coarse for the tolerance at the lowest line, not finite, or ends below all lines.

    Notes
    -----
    ``chance`` takes the amplitudes of noise as Rayleigh distributed around the local median and the bins as
    independent, which overstates it slightly for a windowed spectrum. It knows nothing of other machines' lines:
    multiples of the shaft frequency within the tolerance count as found.

    Examples
    --------
    >>> from drsn_keras.machinery import KNOWN_BEARINGS
    >>> frequency_hz = np.arange(0.0, 400.0, 0.25)
    >>> amplitude = np.where(np.abs(frequency_hz - 107.0) < 0.2, 1.0, 0.01)
    >>> found = bearing_lines(frequency_hz, amplitude, KNOWN_BEARINGS["6205-2RS"], 1797, n_harmonics=1)
    >>> [(line.defect, line.found_hz, round(line.contrast_db)) for line in found if line.chance < 0.01]
    [('BPFO', 107.0, 40)]
    """
    frequency_hz, amplitude = np.asarray(frequency_hz, np.float64), np.asarray(amplitude, np.float64)
    if frequency_hz.ndim != 1 or frequency_hz.shape != amplitude.shape or len(frequency_hz) < 3:
        shapes = f"{frequency_hz.shape} and {amplitude.shape}"
        raise DataError(mismatch("spectrum", "frequencies and amplitudes of one length, 3 or more", shapes))
    if not (np.isfinite(amplitude).all() and np.isfinite(frequency_hz).all()):
        raise DataError(mismatch("spectrum", "finite numbers", "NaN or infinity"))
    if not check_positive("tolerance", tolerance) < 0.2:
        raise UsageError(mismatch("tolerance", "below 0.2", f"{tolerance:g}"))
    expected = expected_lines(geometry, speed_rpm, n_harmonics, n_sidebands, defects)
    wanted = [line for line in expected if line.frequency_hz * (1.0 + tolerance) <= frequency_hz[-1]]
    if not wanted:
        first_hz = min(line.frequency_hz for line in expected)
        raise DataError(mismatch("spectrum", f"lines from {first_hz:.4g} Hz", f"an end at {frequency_hz[-1]:.4g} Hz"))
    spacing_hz = frequency_hz[1] - frequency_hz[0]
    lowest_hz = min(line.frequency_hz for line in wanted)
    if spacing_hz > 2.0 * tolerance * lowest_hz:
        need = f"at most {2.0 * tolerance * lowest_hz:.3g} Hz a bin for +-{tolerance:.1%} of {lowest_hz:.4g} Hz"
        raise DataError(mismatch("spectrum", f"{need} (a longer signal)", f"{spacing_hz:.3g} Hz"))
    return [_find(line, frequency_hz, amplitude, spacing_hz, tolerance) for line in wanted]


def count_found(lines: Iterable[FoundLine], chance: float = 1e-3) -> dict[str, tuple[int, int]]:
    """Harmonics of each defect that stand out of the noise: ``{defect: (found, looked for)}``; no sidebands.

    Parameters
    ----------
    lines : iterable of FoundLine
    chance : float
        A line counts if noise alone is less likely than this to draw it.
    """
    counts: dict[str, tuple[int, int]] = {}
    for line in lines:
        if line.sideband == 0:
            found, of = counts.get(line.defect, (0, 0))
            counts[line.defect] = (found + (line.chance < chance), of + 1)
    return counts


def strongest_defect(lines: Iterable[FoundLine], least_contrast_db: float = 30.0) -> str | None:
    """The defect whose fundamental stands out most, or None where none does.

    A fundamental counts from the contrast given, with its second harmonic at a chance below 1e-3: higher harmonics
    alone do not count, since those of different defects fall within each other's tolerance (2 BPFI and 3 BPFO of a
    6205 are 0.7 % apart).

    Parameters
    ----------
    lines : iterable of FoundLine
        Of an envelope spectrum, with 2 harmonics or more.
    least_contrast_db : float
        The default was set on 10 s recordings (CWRU). The contrast of a line grows with the length of the signal, by
        10 dB a decade: shorter ones need less.
    """
    found = {(line.defect, line.harmonic): line for line in lines if line.sideband == 0}
    contrasts = {
        defect: line.contrast_db
        for (defect, harmonic), line in found.items()
        if harmonic == 1
        and line.contrast_db >= least_contrast_db
        and (defect, 2) in found
        and found[defect, 2].chance < 1e-3
    }
    return max(contrasts, key=contrasts.__getitem__) if contrasts else None


def _find(
    line: ExpectedLine, frequency_hz: np.ndarray, amplitude: np.ndarray, spacing_hz: float, tolerance: float
) -> FoundLine:
    centre, reach = line.frequency_hz / spacing_hz, tolerance * line.frequency_hz / spacing_hz
    low, high = math.ceil(centre - reach), math.floor(centre + reach) + 1
    best = low + int(np.argmax(amplitude[low:high]))
    wide = max(_SURROUNDINGS * reach, reach + _LEAST_SURROUNDINGS)
    left, right = max(1, math.ceil(centre - wide)), min(len(amplitude), math.floor(centre + wide) + 1)
    around = np.concatenate([amplitude[left:low], amplitude[high:right]])
    floor = max(float(np.median(around)), _LEAST_FLOOR * float(amplitude.max()), np.finfo(float).tiny)
    ratio = float(amplitude[best]) / floor
    # P(max of k Rayleigh amplitudes > ratio * median) = 1 - (1 - 2^(-ratio^2))^k, kept exact where it is tiny.
    single = -math.expm1(-math.log(2.0) * ratio * ratio)
    chance = -math.expm1((high - low) * math.log(single)) if single > 0.0 else 1.0
    return FoundLine(
        **dataclasses.asdict(line),
        found_hz=float(frequency_hz[best]),
        amplitude=float(amplitude[best]),
        contrast_db=20.0 * math.log10(ratio) if ratio > 0.0 else -math.inf,
        chance=chance,
    )
