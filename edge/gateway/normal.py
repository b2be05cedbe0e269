"""A machine's own normal, learned regime by regime, and how far a record is from it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from .machine_config import MOST_REGIMES, AlarmConfig
from .normal_features import N_FEATURES

#: Rows that are kept while learning; longer learning keeps every second, fourth ... record.
_MOST_ROWS = 128
#: Deviations below 10 % of amplitude (1 dB) are the same machine, however steady it was while learning [nepers].
_LEAST_SPREAD = 0.1
#: Features that a distance is of: a defect raises few bands, not all.
_LARGEST = 3
#: The limit is this often the distance of 95 % of the records learned from, and at least the second number.
_LIMIT_FACTOR, _LEAST_LIMIT = 1.5, 4.0
_MAD_TO_DEVIATION = 1.4826
_DIGITS = 4


@dataclasses.dataclass(frozen=True)
class NormalState:
    """How a record stands to its regime's normal.

    Parameters
    ----------
    distance, limit : float or None
        None while learning.
    learning : float, 0 to 1
        Share of the records that are needed; 1: learned.
    most : tuple of int
        Features that are farthest off, the farthest first.
    learned_now : bool
        This record was the last one needed.
    """

    distance: float | None
    limit: float | None
    learning: float
    most: tuple[int, ...] = ()
    learned_now: bool = False


class LearnedNormal:
    """Learns what is normal in each regime from its first healthy records, then holds on to it.

    The centre of a feature is the median, its spread the median deviation from it (but 10 % at least); the distance of
    a record is the root mean square of its three largest deviations, in spreads. Nothing is learned after the last
    record needed until :meth:`relearn`: a wear that creeps must not become normal.

    Parameters
    ----------
    config : AlarmConfig
        ``learn_records`` and ``normal_limit``.
    memory : dict, optional
        From :meth:`memory`.
    """

    def __init__(self, config: AlarmConfig, memory: Mapping[str, Any] | None = None) -> None:
        self._needed, self._given_limit = config.learn_records, config.normal_limit
        self._regimes: dict[str, dict[str, Any]] = {name: dict(kept) for name, kept in (memory or {}).items()}

    def judge(self, features: np.ndarray, regime: str, may_learn: bool) -> NormalState | None:
        """Hold a record against its regime, or learn from it.

        Parameters
        ----------
        features : np.ndarray [shape=(18,)]
            From :func:`~drsn_keras.edge.gateway.normal_features.normal_features`.
        regime : str
        may_learn : bool
            Whether the record is known to be healthy, as far as anything else can tell.

        Returns
        -------
        NormalState or None
            None where there are more regimes than are kept.
        """
        kept = self._regimes.get(regime)
        if kept is None:
            if len(self._regimes) >= MOST_REGIMES:
                return None
            if not may_learn:
                return NormalState(None, None, 0.0)
            kept = self._regimes[regime] = {"rows": [], "seen": 0, "stride": 1}
        if "rows" not in kept:
            return self._state(kept, features)
        if may_learn:
            self._learn(kept, features)
            if kept["seen"] >= self._needed:
                self._regimes[regime] = _frozen(np.array(kept["rows"]), kept["seen"])
                return dataclasses.replace(self._state(self._regimes[regime], features), learned_now=True)
        return NormalState(None, None, round(kept["seen"] / self._needed, 4))

    def relearn(self, regime: str | None = None) -> None:
        """Forget one regime's normal, or all: learning begins anew."""
        for name in [regime] if regime is not None else list(self._regimes):
            self._regimes.pop(name, None)

    def memory(self) -> dict[str, Any]:
        """Plain values, from which another one goes on."""
        return {
            name: {**kept, "rows": list(kept["rows"])} if "rows" in kept else kept
            for name, kept in self._regimes.items()
        }

    def _learn(self, kept: dict[str, Any], features: np.ndarray) -> None:
        if kept["seen"] % kept["stride"] == 0:
            kept["rows"].append([round(float(value), _DIGITS) for value in features])
            if len(kept["rows"]) > _MOST_ROWS:
                kept["rows"], kept["stride"] = kept["rows"][::2], 2 * kept["stride"]
        kept["seen"] += 1

    def _state(self, kept: dict[str, Any], features: np.ndarray) -> NormalState:
        centre, spread = np.array(kept["centre"]), np.array(kept["spread"])
        deviation = np.abs(features - centre) / spread
        most = np.argsort(-deviation, kind="stable")[:_LARGEST]
        limit = kept["limit"] if self._given_limit is None else self._given_limit
        return NormalState(round(float(_distance(deviation)), 3), limit, 1.0, tuple(most.tolist()))


def _distance(deviation: np.ndarray) -> np.ndarray:
    """Root mean square of the largest deviations: [shape=(..., 18)] to [shape=(...)]."""
    largest = np.sort(deviation, axis=-1)[..., -_LARGEST:]
    return np.sqrt(np.mean(np.square(largest), axis=-1))


def _frozen(rows: np.ndarray, seen: int) -> dict[str, Any]:
    """Centre, spread and limit from rows [shape=(n, 18)]."""
    centre = np.median(rows, axis=0)
    spread = np.maximum(_MAD_TO_DEVIATION * np.median(np.abs(rows - centre), axis=0), _LEAST_SPREAD)
    centre, spread = centre.round(_DIGITS), spread.round(_DIGITS)
    usual = float(np.quantile(_distance(np.abs(rows - centre) / spread), 0.95))
    limit = max(_LEAST_LIMIT, _LIMIT_FACTOR * usual)
    return {"centre": centre.tolist(), "spread": spread.tolist(), "limit": round(limit, 3), "records": seen}


def is_memory(values: Any) -> bool:
    """Whether plain values are a memory of this class."""
    if not isinstance(values, Mapping) or len(values) > MOST_REGIMES:
        return False
    for kept in values.values():
        rows = kept.get("rows") if "rows" in kept else [kept.get("centre"), kept.get("spread")]
        if any(len(row) != N_FEATURES for row in rows):
            return False
    return True
