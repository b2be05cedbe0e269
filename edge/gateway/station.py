"""One machine's samples in, records out: no clock, no files, no chance; what it remembers fits into JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from drsn_keras.errors import DataError, mismatch
from drsn_keras.machinery import zone_limits_mm_s

from ..bundle import Bundle
from .advisory import advisory
from .cutter import Gap, RecordCutter, Stretch
from .features import Measured, measure
from .judgement import fault_of, health_of, may_learn, refusals, state_of
from .machine_config import MachineConfig
from .memory import StationMemory
from .normal import NormalState
from .normal_features import feature_name
from .picture import picture
from .records import AlarmChange, Block, Event, Record, Step
from .regime import regime_of
from .verdict import NetworkVerdict, Verdict
from .watch import observations

#: Records after which the band of the envelope is looked for anew; it is what costs most.
_BAND_RECORDS = 10


class Station:
    """Watches one machine.

    The same samples give the same steps to the last bit, whatever the blocks they come in, and whether or not the
    station was built anew from a step's memory and position in between.

    Parameters
    ----------
    config : MachineConfig
    bundle : Bundle, optional
        Of ``config.bundle``; it may be shared by stations of one thread.
    memory : dict, optional
        Of the last committed step.
    position, epoch : int
        Of the last committed step.
    cookie : str
        Of the last committed step.

    Raises
    ------
    BundleError
        If the bundle is of another kind.
    """

    def __init__(
        self,
        config: MachineConfig,
        bundle: Bundle | None = None,
        memory: Mapping[str, Any] | None = None,
        position: int = 0,
        epoch: int = 0,
        cookie: str = "",
    ) -> None:
        self.config = config
        self._network = None if bundle is None else NetworkVerdict(bundle, config)
        self._memory = StationMemory.read(memory, config, position, epoch)
        base_position, base_index = self._memory.base
        self._cutter = RecordCutter(
            config.n_samples, config.sample_rate_hz, position, epoch, base_position, base_index, cookie
        )
        self._events: list[Event] = []
        self._relearn: dict[str | None, None] = {}
        self._before: np.ndarray | None = None

    @property
    def position(self) -> int:
        """Of the next sample wanted."""
        return self._cutter.position

    @property
    def epoch(self) -> int:
        """Of the next sample wanted."""
        return self._cutter.epoch

    @property
    def standing(self) -> list[str]:
        """Names of the alarms that stand."""
        return self._memory.watch.standing

    def relearn(self, regime: str | None = None) -> None:
        """Forget one regime's normal, or all, when the next record is due; an alarm about it is over then."""
        self._relearn[regime] = None

    def push(self, block: Block) -> list[Step]:
        """Take a block, give a step for each record that became whole.

        Parameters
        ----------
        block : Block
            Samples before :attr:`position` are passed over; where some are missing, or on a new epoch, the record
            that was begun is given up and the next step's events say so.

        Raises
        ------
        DataError
            If it is another machine's, or its samples are not one axis of numbers.
        """
        if block.machine != self.config.name:
            raise DataError(mismatch("block", f"of {self.config.name}", f"of {block.machine}"))
        steps = []
        for part in self._cutter.push(block):
            if isinstance(part, Gap):
                self._gap(part)
            else:
                steps.append(self._step(part))
        return steps

    def _gap(self, gap: Gap) -> None:
        lost = "the stream began anew" if gap.lost is None else f"{gap.lost} samples are missing"
        dropped = f"; {gap.dropped} samples before it make no whole record" if gap.dropped else ""
        detail = {"lost": gap.lost, "dropped": gap.dropped, "epoch": gap.epoch}
        self._events.append(Event(gap.time_s, self.config.name, "gap", lost + dropped, detail))
        self._before = None

    def _step(self, stretch: Stretch) -> Step:
        config, memory = self.config, self._memory
        memory.base = self._cutter.base_position, self._cutter.base_index
        events, over = self._begin(stretch.time_s)
        rpm = config.rpm if stretch.rpm is None else stretch.rpm[2]
        regime = regime_of(rpm, config.regimes, stretch.rpm is not None)
        measured = measure(stretch.samples, config, rpm, stretch.rpm and stretch.rpm[:2], memory.next_band())
        memory.keep_band(measured.band, _BAND_RECORDS)
        fault = fault_of(measured, config)
        verdict = self._judge(stretch.samples, fault)
        state = state_of(measured, config, verdict, fault)
        refusal = None if self._network is None else self._network.refusal
        refused = {**measured.refused, **refusals(measured, config, refusal, fault)}
        normal = self._normal(measured, regime, state, refused)
        state["normal"] = {"distance": None, "limit": None, "learning": None}
        if normal is not None:
            state["normal"] = {"distance": normal.distance, "limit": normal.limit, "learning": normal.learning}
        most = self._most(measured, normal)
        seen = observations(state, measured.features, config.alarms.hysteresis, most)
        changes, raised = memory.watch.update(seen, stretch.time_s)
        if normal is not None and normal.learned_now:
            text = f"normal of regime {regime} is learned from {config.alarms.learn_records} records"
            events.append(Event(stretch.time_s, config.name, "learned", text, {"regime": regime}))
        health = health_of(state, measured.features)
        trend = self._trend(stretch.time_s, state, measured, health)
        features = dict(measured.features)
        if verdict is not None and verdict.noise_level_db is not None:
            features["noise_level_db"] = verdict.noise_level_db
        record = Record(
            machine=config.name,
            epoch=stretch.epoch,
            index=stretch.index,
            time_s=stretch.time_s,
            duration_s=config.n_samples / config.sample_rate_hz,
            sample_rate_hz=config.sample_rate_hz,
            rpm=rpm,
            regime=regime,
            features=features,
            refused=refused,
            state=state,
            health_percent=health,
            trend=trend,
            advisory=advisory(state, features, trend, memory.watch.standing, most),
            alarms=memory.watch.standing,
        )
        return Step(
            record=record,
            events=(*events, *raised),
            changes=(*over, *changes),
            waveform=self._waveform(stretch.samples, any(change.raised for change in changes)),
            picture=picture(measured, config, rpm),
            memory=memory.to_dict(stretch.epoch),
            position=stretch.position,
            epoch=stretch.epoch,
            cookie=stretch.cookie,
        )

    def _begin(self, time_s: float) -> tuple[list[Event], list[AlarmChange]]:
        """Events since the last step; normals asked to be forgotten are, now, and alarms about them are over."""
        events, self._events = [*self._memory.take_events(self.config.name, time_s), *self._events], []
        relearned = any(event.kind == "relearn" for event in events)
        for regime in self._relearn:
            self._memory.normal.relearn(regime)
            text = f"normal of {'all regimes' if regime is None else f'regime {regime}'} is learned anew"
            events.append(Event(time_s, self.config.name, "relearn", text, {"regime": regime}))
            relearned = True
        self._relearn = {}
        if not relearned:
            return events, []
        # While it stood, nothing would be learned, and without a normal nothing would clear it.
        over, said = self._memory.watch.end("normal", time_s, "learned anew")
        return [*events, *said], over

    def _judge(self, samples: np.ndarray, fault: str) -> Verdict | None:
        if self._network is None or self._network.refusal or fault:
            return None
        return self._network.judge(samples)

    def _normal(
        self, measured: Measured, regime: str | None, state: dict[str, Any], refused: dict[str, str]
    ) -> NormalState | None:
        if "normal" in refused:
            return None
        if measured.normal is None:
            refused["normal"] = "the samples give no spectrum"
            return None
        if regime is None:
            refused["normal"] = mismatch("rpm", "a speed in one of the regimes", "another or none")
            return None
        is_healthy = may_learn(state) and not self._memory.watch.standing
        normal = self._memory.normal.judge(measured.normal, regime, is_healthy)
        if normal is None:
            refused["normal"] = mismatch("regimes", "no more than are kept", "another one")
        return normal

    def _most(self, measured: Measured, normal: NormalState | None) -> list[str]:
        if normal is None or measured.spectrum is None:
            return []
        frequency_hz = measured.spectrum[0]
        return [feature_name(i, len(frequency_hz), float(frequency_hz[1]), measured.low_hz) for i in normal.most]

    def _trend(self, time_s: float, state: dict[str, Any], measured: Measured, health: float | None) -> dict[str, Any]:
        # Of a machine that stands still nothing follows for one that runs.
        velocity = None if state.get("running") is False else measured.features.get("velocity_rms_mm_s")
        self._memory.trend.add(time_s, [health, velocity])
        of_health, of_velocity = (self._memory.trend.slope(i) for i in (0, 1))
        days = None
        if of_velocity is not None and self.config.iso_group is not None:
            limit = zone_limits_mm_s(self.config.iso_group, self.config.foundation)[2]
            days = of_velocity.days_to(limit)
        return {
            "per_day": None if of_health is None else _rounded(of_health.per_day),
            "velocity_mm_s_per_day": None if of_velocity is None else _rounded(of_velocity.per_day),
            "days_to_limit": None if days is None else _rounded(days),
        }

    def _waveform(self, samples: np.ndarray, is_raised: bool) -> np.ndarray | None:
        """The last ``waveform_s`` where an alarm is raised; the record is kept for the next one to reach back to."""
        length = round(self.config.waveform_s * self.config.sample_rate_hz)
        with np.errstate(over="ignore"):
            before, now = self._before, samples[-length:].astype(np.float32) if length else None
        # Only what the next record's waveform can need.
        reach = max(0, length - len(samples))
        self._before = now[-reach:].copy() if reach else None
        if not is_raised or now is None:
            return None
        return now if before is None else np.concatenate([before, now])[-length:]


def _rounded(value: float) -> float:
    return float(f"{value:.4g}") if math.isfinite(value) else 0.0
