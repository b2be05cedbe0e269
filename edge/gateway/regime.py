"""In which way a machine runs: what its learned normal is kept by."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .machine_config import Regime

#: Of a machine whose speed is fixed or not known.
ONLY = "all"
#: Each band of speeds reaches so much higher than the one below it.
_STEP = 1.1


def regime_of(rpm: float | None, regimes: Sequence[Regime], is_measured: bool) -> str | None:
    """The regime of a record.

    Parameters
    ----------
    rpm : float or None
        Of the shaft.
    regimes : sequence of Regime
        Of the configuration.
    is_measured : bool
        Whether the source measures the speed.

    Returns
    -------
    str or None
        Where regimes are configured, the one whose band holds the speed, or None. Else ``all`` for a speed that is
        fixed or not known, and one of bands of 10 % for a speed that is measured.

    Examples
    --------
    >>> regime_of(1480.0, [Regime("full", 1400.0, 1600.0)], False), regime_of(900.0, [], False)
    ('full', 'all')
    >>> regime_of(1480.0, [], True)
    '1399 to 1539 rpm'
    """
    if regimes:
        return next((r.name for r in regimes if rpm is not None and r.low_rpm <= rpm <= r.high_rpm), None)
    if not is_measured or rpm is None or rpm <= 0.0:
        return ONLY
    step = math.floor(math.log(rpm) / math.log(_STEP))
    return f"{_STEP**step:.0f} to {_STEP ** (step + 1):.0f} rpm"
