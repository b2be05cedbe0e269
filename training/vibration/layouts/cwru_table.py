"""The files of the CWRU bearing data by their numbers: normals, and faults at the drive end sampled at 12 kHz.

Left out, because their numbers, bearings or keys are not as regular: faults of 0.028 in (3001-3008), the faults
sampled at 48 kHz, and the faults at the fan end.

References
----------
Case Western Reserve University Bearing Data Center, tables "Normal Baseline Data" and "12k Drive End Bearing Fault
Data". W. A. Smith, R. B. Randall, Mech. Syst. Signal Process. 64-65 (2015), doi:10.1016/j.ymssp.2015.04.021.
"""

from __future__ import annotations

import dataclasses
import re

from drsn_keras.errors import DataError, mismatch

#: Speed by load as the tables of the data centre give it, for files that hold no speed of their own [1/min].
NOMINAL_RPM = {0: 1797.0, 1: 1772.0, 2: 1750.0, 3: 1730.0}
#: Numbers of the files at 0, 1, 2 and 3 hp.
_NUMBERS = {
    "normal": (97, 98, 99, 100),
    "IR007": (105, 106, 107, 108),
    "B007": (118, 119, 120, 121),
    "OR007@6": (130, 131, 132, 133),
    "OR007@3": (144, 145, 146, 147),
    "OR007@12": (156, 158, 159, 160),
    "IR014": (169, 170, 171, 172),
    "B014": (185, 186, 187, 188),
    "OR014@6": (197, 198, 199, 200),
    "IR021": (209, 210, 211, 212),
    "B021": (222, 223, 224, 225),
    "OR021@6": (234, 235, 236, 237),
    "OR021@3": (246, 247, 248, 249),
    "OR021@12": (258, 259, 260, 261),
}
_ELEMENTS = {"IR": "inner", "OR": "outer", "B": "ball"}
_STATE = re.compile(r"^(?:normal|(?P<element>IR|B|OR)(?P<mils>\d{3})(?:@(?P<clock>3|6|12))?)$")


@dataclasses.dataclass(frozen=True)
class CwruFile:
    """What the tables say of one file.

    Parameters
    ----------
    number : int
    state : str
        ``normal``, or element, size in thousandths of an inch and, for the outer race, where it lies: ``OR007@6``.
    load_hp : {0, 1, 2, 3}
    sample_rate_hz : {12000, 48000}
        Normals are sampled at 48 kHz, faults at 12 kHz.
    """

    number: int
    state: str
    load_hp: int
    sample_rate_hz: int


#: Every file of the two tables by its number.
FILES = {
    number: CwruFile(number, state, load_hp, 48000 if state == "normal" else 12000)
    for state, numbers in _NUMBERS.items()
    for load_hp, number in enumerate(numbers)
}


def describe_state(state: str, classes: str, where: str) -> tuple[str, str, str | None]:
    """Label, bearing and fault size of a state.

    The three places of an outer race fault of one size are kept together as one bearing: whether they were is
    not stated, and a split must not count on it.

    Parameters
    ----------
    classes : {"state", "element"}

    Raises
    ------
    DataError
        If it is not a state of this data.

    Examples
    --------
    >>> describe_state("OR007@6", "state", "130.mat"), describe_state("normal", "element", "97.mat")
    (('OR007@6', 'OR007', '0.007 in'), ('normal', 'normal', None))
    """
    found = _STATE.match(state)
    if not found:
        raise DataError(mismatch(f"{where}, label", "normal, or a state like IR007, B014, OR021@6", repr(state)))
    if found["element"] is None:
        return "normal", "normal", None
    label = state if classes == "state" else _ELEMENTS[found["element"]]
    return label, f"{found['element']}{found['mils']}", f"0.{found['mils']} in"
