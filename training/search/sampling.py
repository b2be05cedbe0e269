"""Optuna (extra ``[cluster]``): the one file that imports it. What was drawn and reached lies in a journal."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from drsn_keras.errors import DataError, UsageError, mismatch
from drsn_keras.files import write_atomically

from .space import Range

JOURNAL = "journal.log"
#: Optuna's lock of it; the search's folder has one of its own.
JOURNAL_LOCK = f"{JOURNAL}.lock"
_NAME = "search"
#: Configurations drawn at random before the others guide the draw, and before any is ended early.
_RANDOM = 8
#: Epochs that every training gets.
_WARM_UP = 3
#: Draws of what is known already before one of those that are left is taken.
_DRAWS = 10


@dataclasses.dataclass(frozen=True)
class Tried:
    """A configuration that has been tried.

    Parameters
    ----------
    number : int
        From 0.
    drawn : dict
        What was drawn for each option that is varied.
    score : float or None
        More is better; None where it failed, or is no number.
    state : str
        ``done``, ``pruned`` or ``failed``.
    facts : dict
        Of its training.
    """

    number: int
    drawn: dict[str, Any]
    score: float | None
    state: str
    facts: dict[str, Any]


class Sampler:
    """Draws configurations by what the others have reached (TPE), each once, and remembers all of it.

    Parameters
    ----------
    folder : Path
        Of the search; its journal is gone on with.
    space : dict of str to Range or Choice
    seed : int
    identity : str
        What a journal of this search says of itself.

    Raises
    ------
    UsageError
        Without Optuna, or where the journal is another search's.
    DataError
        If the journal is damaged.
    """

    def __init__(self, folder: Path, space: Mapping[str, Any], seed: int, identity: str) -> None:
        self._optuna = optuna = _library()
        self._dimensions = dict(space)
        self._space = {name: self._distribution(dimension) for name, dimension in space.items()}
        path = folder / JOURNAL
        _mend(path)
        try:
            storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(path)))
            known = {one.study_name for one in storage.get_all_studies()}
            past = len(storage.get_all_trials(storage.get_study_id_from_name(_NAME))) if _NAME in known else 0
            self._generator = np.random.default_rng([seed, past, 1])
            self._study = optuna.create_study(
                storage=storage,
                study_name=_NAME,
                direction="maximize",
                load_if_exists=True,
                # Begun anew with the same seed it would draw the first configurations again.
                sampler=optuna.samplers.TPESampler(
                    n_startup_trials=_RANDOM,
                    constant_liar=True,
                    seed=int(np.random.SeedSequence([seed, past]).generate_state(1)[0]),
                ),
                pruner=optuna.pruners.MedianPruner(n_startup_trials=_RANDOM // 2, n_warmup_steps=_WARM_UP + 1),
            )
        except (ValueError, KeyError, TypeError, AttributeError, AssertionError) as error:
            raise DataError(mismatch(path, "the journal of a search", f"a damaged one ({error})")) from None
        said = self._study.user_attrs.get("identity")
        if said is None:
            self._study.set_user_attr("identity", identity)
        elif said != identity:
            expected = "the search that was begun there (command, seed, options, ranges)"
            raise UsageError(mismatch(folder, f"{expected}, or a new folder", "another one"))
        self._trials: dict[int, Any] = {}
        self._again()

    def _distribution(self, dimension: Any) -> Any:
        made = self._optuna.distributions
        if not isinstance(dimension, Range):
            return made.CategoricalDistribution(dimension.labels)
        made_of = {"low": dimension.low, "high": dimension.last, "log": dimension.log}
        if dimension.whole:
            return made.IntDistribution(**made_of, step=dimension.step or 1)
        # Not the number of the step: journals have these as they are, and Optuna takes no other kind after them.
        return made.FloatDistribution(**made_of, step=dimension.step)

    def _again(self) -> None:
        """Configurations that were being trained when the search was stopped are the next to be asked for."""
        states = self._optuna.trial.TrialState
        waiting = self._waiting()
        for trial in self._study.get_trials(states=(states.RUNNING,)):
            facts, number = trial.user_attrs, trial.user_attrs.get("number")
            if "state" in facts:  # stopped while it was told
                self._end(trial.number, facts["state"], facts["score"])
                continue
            if number is not None and number not in waiting:
                self._study.enqueue_trial(trial.params, user_attrs={"number": number})
            self._study.tell(trial.number, state=states.FAIL)

    def _waiting(self) -> set[int]:
        trials = self._study.get_trials(deepcopy=False, states=(self._optuna.trial.TrialState.WAITING,))
        return {trial.user_attrs["number"] for trial in trials if "number" in trial.user_attrs}

    def _key(self, drawn: Mapping[str, Any]) -> str:
        """Alike of configurations whose command lines are."""
        return json.dumps([dimension.value(drawn[name]) for name, dimension in self._dimensions.items()])

    @property
    def left(self) -> float:
        """Configurations that have not been tried; infinity where a range has no step."""
        return self._size - len({self._key(one.drawn) for one in self.tried()})

    @property
    def _size(self) -> float:
        counts = [dimension.count for dimension in self._dimensions.values()]
        return math.inf if math.inf in counts else math.prod(counts)

    def ask(self) -> tuple[int, dict[str, Any]] | None:
        """The number of the next configuration, and what is drawn for it; None where none is found that is new."""
        trials = [trial for trial in self._study.get_trials(deepcopy=False) if "number" in trial.user_attrs]
        alive = {*self._trials, *self._waiting()}
        known: dict[str, int] = {}
        for trial in trials:
            number = trial.user_attrs["number"]
            if trial.params and ("state" in trial.user_attrs or number in alive):
                known.setdefault(self._key(trial.params), number)
        new = max((trial.user_attrs["number"] for trial in trials), default=-1) + 1
        for _ in range(_DRAWS):
            if (found := self._drawn(known, new)) is not None:
                return found
        if (untried := self._untried(known)) is None:
            return None
        self._study.enqueue_trial(untried)
        return self._drawn(known, new)

    def _drawn(self, known: Mapping[str, int], new: int) -> tuple[int, dict[str, Any]] | None:
        """A draw; None of one that has another number."""
        trial = self._study.ask(self._space)
        drawn, number = dict(trial.params), trial.user_attrs.get("number", new)
        if known.get(self._key(drawn), number) != number:
            self._study.tell(trial, state=self._optuna.trial.TrialState.FAIL)
            return None
        trial.set_user_attr("number", number)
        self._trials[number] = trial
        return number, drawn

    def _untried(self, known: Mapping[str, int]) -> dict[str, Any] | None:
        """The first that is not known, from a random one on."""
        size = self._size
        if math.isinf(size):
            return None
        start = 0
        for dimension in self._dimensions.values():
            start = start * int(dimension.count) + int(self._generator.integers(int(dimension.count)))
        for index in range(start, start + len(known) + 1):
            drawn, rest = {}, index % int(size)
            for name, dimension in self._dimensions.items():
                rest, place = divmod(rest, int(dimension.count))
                drawn[name] = dimension.at(place)
            if self._key(drawn) not in known:
                return drawn
        return None

    def report(self, number: int, epoch: int, score: float) -> bool:
        """Say what a configuration has reached after an epoch; returns whether it is not worth going on."""
        trial = self._trials[number]
        if not math.isfinite(score):
            return False
        trial.report(score, epoch)
        return bool(trial.should_prune())

    def tell(self, number: int, state: str, score: float | None, facts: Mapping[str, Any]) -> None:
        """Say how a configuration ended."""
        trial = self._trials.pop(number)
        for name, value in {**facts, "score": score, "state": state}.items():  # the state last: then it is whole
            trial.set_user_attr(name, value)
        self._end(trial, state, score)

    def _end(self, trial: Any, state: str, score: float | None) -> None:
        states = self._optuna.trial.TrialState
        if state == "done" and score is not None and math.isfinite(score):
            self._study.tell(trial, score)
        else:
            self._study.tell(trial, state=states.PRUNED if state == "pruned" else states.FAIL)

    def tried(self) -> list[Tried]:
        """All configurations that have ended, in their order."""
        found = {}
        for trial in self._study.get_trials():
            facts = {name: _finite(value) for name, value in trial.user_attrs.items()}
            if "state" in facts:
                number, score, state = (facts.pop(name) for name in ("number", "score", "state"))
                state = "failed" if state == "done" and score is None else state
                found[number] = Tried(number, dict(trial.params), score, state, facts)
        return [found[number] for number in sorted(found)]

    def importance(self) -> dict[str, float] | None:
        """The part of the scores' spread that each option explains (fANOVA), 0 to 1; None of too few configurations."""
        done = self._study.get_trials(states=(self._optuna.trial.TrialState.COMPLETE,))
        if len({trial.value for trial in done}) < 4:
            return None
        evaluator = self._optuna.importance.FanovaImportanceEvaluator(seed=0)
        return dict(self._optuna.importance.get_param_importances(self._study, evaluator=evaluator))


def _finite(value: Any) -> Any:
    """A fact; None of a number that is none."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _library() -> Any:
    try:
        import optuna
    except ImportError:
        raise UsageError(mismatch("search", "Optuna (pip install 'drsn-keras[cluster]')", "none")) from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


def _mend(path: Path) -> None:
    """A journal whose last line was cut off, or that was locked, by a crash; nobody else writes into this folder."""
    path.with_name(JOURNAL_LOCK).unlink(missing_ok=True)
    content = path.read_bytes() if path.is_file() else b""
    whole = content[: content.rfind(b"\n") + 1]
    if content and not (whole or content.startswith(b'{"op_code"')):
        raise DataError(mismatch(path, "the journal of a search", "a damaged one"))
    if len(whole) < len(content):
        write_atomically(path, whole)
