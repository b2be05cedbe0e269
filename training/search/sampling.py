"""Optuna (extra ``[cluster]``): the one file that imports it. What was drawn and reached lies in a journal."""

from __future__ import annotations

import contextlib
import dataclasses
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
        More is better; None where it failed.
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
    """Draws configurations by what the others have reached (TPE), and remembers all of it.

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
        self._space = {name: self._distribution(dimension) for name, dimension in space.items()}
        path = folder / JOURNAL
        _mend(path)
        try:
            storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(path)))
            known = {one.study_name for one in storage.get_all_studies()}
            past = len(storage.get_all_trials(storage.get_study_id_from_name(_NAME))) if _NAME in known else 0
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
        except (ValueError, KeyError, TypeError, AttributeError) as error:
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
        low, high, log = dimension.low, dimension.high, dimension.log
        if dimension.step:  # the last that is reached
            high = low + math.floor((high - low) / dimension.step + 1e-9) * dimension.step
        if dimension.whole:
            return made.IntDistribution(low, high, log=log, step=dimension.step or 1)
        return made.FloatDistribution(low, high, log=log, step=dimension.step)

    def _again(self) -> None:
        """Configurations that were being trained when the search was stopped are the next to be asked for."""
        states = self._optuna.trial.TrialState
        for trial in self._study.get_trials(states=(states.RUNNING,)):
            self._study.tell(trial.number, state=states.FAIL)
            with contextlib.suppress(KeyError):  # stopped before it had its number
                self._study.enqueue_trial(trial.params, user_attrs={"number": trial.user_attrs["number"]})

    def ask(self) -> tuple[int, dict[str, Any]]:
        """The number of the next configuration, and what is drawn for it."""
        taken = [trial.user_attrs["number"] for trial in self._study.get_trials() if "number" in trial.user_attrs]
        trial = self._study.ask(self._space)
        number = trial.user_attrs.get("number", max(taken, default=-1) + 1)
        trial.set_user_attr("number", number)
        self._trials[number] = trial
        return number, dict(trial.params)

    def report(self, number: int, epoch: int, score: float) -> bool:
        """Say what a configuration has reached after an epoch; returns whether it is not worth going on."""
        trial = self._trials[number]
        if not math.isfinite(score):
            return False
        trial.report(score, epoch)
        return bool(trial.should_prune())

    def tell(self, number: int, state: str, score: float | None, facts: Mapping[str, Any]) -> None:
        """Say how a configuration ended."""
        states = self._optuna.trial.TrialState
        trial = self._trials.pop(number)
        for name, value in {**facts, "score": score, "state": state}.items():
            trial.set_user_attr(name, value)
        if state == "done" and score is not None and math.isfinite(score):
            self._study.tell(trial, score)
        else:
            self._study.tell(trial, state=states.PRUNED if state == "pruned" else states.FAIL)

    def tried(self) -> list[Tried]:
        """All configurations that have ended, in their order."""
        found = {}
        for trial in self._study.get_trials():
            facts = dict(trial.user_attrs)
            if "state" in facts:
                number, score, state = (facts.pop(name) for name in ("number", "score", "state"))
                found[number] = Tried(number, dict(trial.params), score, state, facts)
        return [found[number] for number in sorted(found)]

    def importance(self) -> dict[str, float] | None:
        """The part of the scores' spread that each option explains (fANOVA), 0 to 1; None of too few configurations."""
        done = self._study.get_trials(states=(self._optuna.trial.TrialState.COMPLETE,))
        if len({trial.value for trial in done}) < 4:
            return None
        evaluator = self._optuna.importance.FanovaImportanceEvaluator(seed=0)
        return dict(self._optuna.importance.get_param_importances(self._study, evaluator=evaluator))


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
    if len(whole) < len(content):
        write_atomically(path, whole)
