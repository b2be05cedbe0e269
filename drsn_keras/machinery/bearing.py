"""Rolling bearings: the frequencies at which a defect is struck, from geometry and speed."""

from __future__ import annotations

import dataclasses
import math

from ..errors import UsageError, mismatch
from .checks import check_positive

#: Names of the four frequencies: outer race, inner race, rolling element (spin), cage.
DEFECTS = ("BPFO", "BPFI", "BSF", "FTF")
_MOST_ELEMENTS = 200


@dataclasses.dataclass(frozen=True)
class BearingGeometry:
    """A rolling bearing whose inner ring turns with the shaft and whose outer ring stands.

    Parameters
    ----------
    n_elements : int, >= 3
        Rolling elements in a row.
    element_diameter_mm : float, > 0
        Of a ball or roller.
    pitch_diameter_mm : float
        Of the circle through the elements' centres; above ``element_diameter_mm``.
    contact_angle_deg : float, 0 <= angle < 90
        0 for a deep groove ball bearing under radial load.

    Raises
    ------
    UsageError
        If a value is out of its range.

    Notes
    -----
    The formulas hold for rolling without slip. Measured lines lie up to about 2 % off them.

    References
    ----------
    R. B. Randall, J. Antoni, "Rolling element bearing diagnostics: a tutorial", Mechanical Systems and Signal
    Processing 25:485, 2011, doi:10.1016/j.ymssp.2010.07.017, equations 1 to 4.

    Examples
    --------
    >>> bearing = KNOWN_BEARINGS["6205-2RS"]
    >>> {name: round(order, 3) for name, order in bearing.orders().items()}
    {'BPFO': 3.585, 'BPFI': 5.415, 'BSF': 2.357, 'FTF': 0.398}
    >>> round(bearing.frequencies_hz(1797)["BPFI"], 1)
    162.2
    """

    n_elements: int
    element_diameter_mm: float
    pitch_diameter_mm: float
    contact_angle_deg: float = 0.0

    def __post_init__(self) -> None:
        if isinstance(self.n_elements, bool) or not isinstance(self.n_elements, int):
            raise UsageError(mismatch("bearing, n_elements", "a whole number", repr(self.n_elements)))
        if not 3 <= self.n_elements <= _MOST_ELEMENTS:
            raise UsageError(mismatch("bearing, n_elements", f"3 to {_MOST_ELEMENTS}", self.n_elements))
        check_positive("bearing, element_diameter_mm", self.element_diameter_mm)
        check_positive("bearing, pitch_diameter_mm", self.pitch_diameter_mm)
        angle = self.contact_angle_deg
        if isinstance(angle, bool) or not isinstance(angle, (int, float)) or not 0.0 <= angle < 90.0:
            raise UsageError(mismatch("bearing, contact_angle_deg", "0 to below 90", repr(angle)))
        if self.element_diameter_mm >= self.pitch_diameter_mm:
            expected = f"less than the pitch diameter ({self.pitch_diameter_mm:g})"
            raise UsageError(mismatch("bearing, element_diameter_mm", expected, f"{self.element_diameter_mm:g}"))

    def orders(self) -> dict[str, float]:
        """The four frequencies as multiples of the shaft's: :data:`DEFECTS` to a number.

        BSF is the spin of an element about itself. A defect on it strikes both races in a turn, so that its lines
        stand at multiples of twice BSF (what some tables list as BSF: 4.7135 for a 6205).
        """
        ratio = self.element_diameter_mm / self.pitch_diameter_mm * math.cos(math.radians(self.contact_angle_deg))
        return {
            "BPFO": 0.5 * self.n_elements * (1.0 - ratio),
            "BPFI": 0.5 * self.n_elements * (1.0 + ratio),
            "BSF": 0.5 * self.pitch_diameter_mm / self.element_diameter_mm * (1.0 - ratio * ratio),
            "FTF": 0.5 * (1.0 - ratio),
        }

    def frequencies_hz(self, speed_rpm: float) -> dict[str, float]:
        """The four frequencies [Hz] at a shaft speed [rpm, > 0].

        Raises
        ------
        UsageError
            If the speed is missing or not above 0.
        """
        shaft_hz = check_positive("speed_rpm", speed_rpm) / 60.0
        return {name: order * shaft_hz for name, order in self.orders().items()}


#: Geometries that published data sets give.
KNOWN_BEARINGS: dict[str, BearingGeometry] = {
    # CWRU, drive end (SKF 6205-2RS JEM): 0.3126 and 1.537 inches.
    "6205-2RS": BearingGeometry(9, 7.940, 39.04),
    # Paderborn University, KAt data centre.
    "6203": BearingGeometry(8, 6.75, 28.55),
    # XJTU-SY (LDK).
    "UER204": BearingGeometry(8, 7.92, 34.55),
    # MFPT (NICE): 0.235 and 1.245 inches.
    "NICE": BearingGeometry(8, 5.969, 31.623),
    # IMS, University of Cincinnati (Rexnord): 0.331 and 2.815 inches.
    "ZA-2115": BearingGeometry(16, 8.407, 71.501, 15.17),
}
