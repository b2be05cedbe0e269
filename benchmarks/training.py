"""``make bench-training``: clips a second of the whole training step beside the bare step, and beside plain pipelines.

The network and the step are those of ``drsn-train keywords`` (drsn-cw with thresholds a frame). What differs is where
its batches come from: ready features in memory; clips in memory, augmented and turned into features as they are needed,
by compiled loops and by TensorFlow's operators; prepared shards, compressed and not; WAV files by tf.data and librosa.
All are measured in turn, round after round. Speech is synthesised, noise generated, once, into build/bench/training.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from plain_pipeline import make_dataset

from drsn_keras.command_line import log
from keyword_runs import conclude, show, start, table

if TYPE_CHECKING:
    from drsn_keras.training.config import KeywordConfig

#: Bars: what augmentation and features may add to the step [%], and clips a second over those of librosa.
MOST_PERCENT, LEAST_TIMES = 30.0, 5.0
WORDS, UTTERANCES = ("yes", "no", "up", "down", "left", "right"), 130
RECORDED_NOISES, NOISE_S = ("factory", "impulsive"), 60.0
BATCH, BATCHES, THREADS = 64, (32, 128, 256), (1,)
#: Steps that are timed, and those before them; of librosa, which takes ten times as long, fewer.
STEPS, WARM, PLAIN_STEPS = 40, 8, 8
_READY = 8
BARE, WHOLE, PREPARED, STORED, GRAPH, PLAIN = "bare", "whole", "prepared", "uncompressed", "graph", "librosa"
#: Folders of shards.
SHARDS = {PREPARED: "prepared", STORED: "uncompressed"}


def main() -> None:
    """Measure, print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path("build/bench/training"), help="recordings are made here")
    parser.add_argument("--out", type=Path, default=Path("build/bench/training.json"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=STEPS, help="timed of each kind in a round")
    parser.add_argument("--threads", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.threads is not None:
        # Before TensorFlow counts them.
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: arguments.threads])
    from drsn_keras.training.quiet import quiet_tensorflow

    quiet_tensorflow()
    bench = Bench(arguments.folder, arguments.steps)
    if arguments.threads is not None:
        print(json.dumps(bench.measure(BATCH, (BARE, WHOLE), 2)))
        return
    rounds = bench.measure(BATCH, (BARE, WHOLE, PREPARED, STORED, GRAPH, PLAIN), arguments.rounds)
    figures = _compare(rounds)
    few = max(2, arguments.rounds // 2)
    for size in BATCHES:
        figures |= _curve(bench.measure(size, (BARE, WHOLE), few), f"batch_{size}")
    for threads in THREADS:
        figures |= _curve(_in_child(arguments, threads), f"threads_{threads}")
    rows = [[name, *(f"{value:,.0f}" for value in values)] for name, values in rounds.items()]
    titles = ["clips a second", *(f"round {i + 1}" for i in range(arguments.rounds))]
    show(figures | {"cores": len(os.sched_getaffinity(0))}, table(titles, rows), arguments.out)
    missed = []
    if figures["overhead_percent"] > MOST_PERCENT:
        missed.append(f"overhead_percent {figures['overhead_percent']} (bar: {MOST_PERCENT:g})")
    if figures["times_librosa"] < LEAST_TIMES:
        missed.append(f"times_librosa {figures['times_librosa']} (bar: {LEAST_TIMES:g})")
    conclude(missed, ("overhead_percent", "times_librosa"))


class Bench:
    """The data, and clips a second of a step of training on it.

    Parameters
    ----------
    folder : Path
        ``words/``, ``noise/`` and ``prepared/`` are made here where they are not there.
    steps : int
        That are timed at a time.
    """

    def __init__(self, folder: Path, steps: int) -> None:
        from drsn_keras.frontend import ROOT_MEL_40
        from drsn_keras.training.config import KeywordConfig
        from drsn_keras.training.corpus import open_corpus

        self.folder, self.steps = folder.resolve(), steps
        self.config = KeywordConfig(
            data=str(self.folder / "words"),
            noise=(str(self.folder / "noise"),),
            spectral="frames",
            front_end=ROOT_MEL_40.to_dict(),
        )
        self._make_data()
        self.corpus = open_corpus(self.config)
        self._prepare()

    def measure(self, batch_size: int, kinds: Sequence[str], rounds: int) -> dict[str, list[float]]:
        """Clips a second of each kind of step, a figure a round; they take turns."""
        log(f"batches of {batch_size}: {', '.join(kinds)}")
        config = dataclasses.replace(self.config, batch_size=batch_size)
        datasets = {kind: self._datasets()[kind](config) for kind in kinds}
        model = self._model(config)
        # Compiles the step.
        self._clips_per_s(model, datasets[kinds[0]], batch_size, 1)
        found: dict[str, list[float]] = {kind: [] for kind in kinds}
        for _ in range(rounds):
            for kind in kinds:
                steps = min(self.steps, PLAIN_STEPS) if kind == PLAIN else self.steps
                found[kind].append(self._clips_per_s(model, datasets[kind], batch_size, steps))
        return found

    def _datasets(self) -> dict[str, Callable[[KeywordConfig], Any]]:
        shards = {kind: functools.partial(self._prepared, name) for kind, name in SHARDS.items()}
        return {BARE: self._bare, WHOLE: self._whole, **shards, GRAPH: self._graph, PLAIN: self._plain}

    def _batches(self, config: KeywordConfig) -> Any:
        from drsn_keras.training.training_batches import training_batches

        return training_batches(self.corpus, config, config.seed)

    def _bare(self, config: KeywordConfig) -> Any:
        import tensorflow as tf

        ready = list(self._batches(config).dataset().take(_READY).as_numpy_iterator())
        arrays = tuple(np.stack(parts) for parts in zip(*ready, strict=True))
        return tf.data.Dataset.from_tensor_slices(arrays).repeat().prefetch(4)

    def _whole(self, config: KeywordConfig) -> Any:
        return self._batches(config).dataset()

    def _graph(self, config: KeywordConfig) -> Any:
        batches = self._batches(config)
        return dataclasses.replace(batches, look=dataclasses.replace(batches.look, in_graph=True)).dataset()

    def _prepared(self, name: str, config: KeywordConfig) -> Any:
        from drsn_keras.training.corpus import open_corpus
        from drsn_keras.training.training_batches import training_batches

        config = dataclasses.replace(config, data=str(self.folder / name), noise=())
        return training_batches(open_corpus(config), config, config.seed).dataset()

    def _plain(self, config: KeywordConfig) -> Any:
        train = self.corpus.clips("train")
        paths = [recording.path for recording in train.recordings]
        real = [i for i, path in enumerate(paths) if path.is_file()]
        noises = sorted((self.folder / "noise").glob("*.wav"))
        chosen = [paths[i] for i in real], train.y[real]
        return make_dataset(*chosen, len(self.corpus.labels), noises, config.batch_size)

    def _model(self, config: KeywordConfig) -> Any:
        import keras

        from drsn_keras.training.fit import optimizer_for
        from drsn_keras.training.networks import build_model

        model = build_model(config, len(self.corpus.labels))
        loss = keras.losses.CategoricalCrossentropy(label_smoothing=config.label_smoothing)
        model.compile(optimizer_for(config, 100), loss, metrics=["accuracy"], jit_compile=True)
        return model

    def _clips_per_s(self, model: Any, dataset: Any, batch_size: int, steps: int) -> float:
        import keras

        class Timer(keras.callbacks.Callback):
            def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
                if batch == WARM - 1:
                    self.began = time.perf_counter()

            def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
                self.seconds = time.perf_counter() - self.began

        timer = Timer()
        model.fit(dataset, steps_per_epoch=WARM + steps, verbose=0, shuffle=False, callbacks=[timer])
        return batch_size * steps / timer.seconds

    def _make_data(self) -> None:
        """WAV files of synthetic words, and of noise; once."""
        import soundfile

        from drsn_keras.noise import make_noise
        from drsn_keras.training.synthesis import synthesize_words

        words, noise = self.folder / "words", self.folder / "noise"
        if not noise.is_dir():
            log(f"making recordings in {self.folder}")
            made = synthesize_words(WORDS, UTTERANCES, duration_s=1.0, n_unknown=2 * UTTERANCES, n_silence=0)
            clips = [made.part(split) for split in ("train", "val", "test")]
            rows = [(part.labels[y], x) for part in clips for x, y in zip(part.x, part.y, strict=True)]
            for number, (label, x) in enumerate(rows):
                (words / label).mkdir(parents=True, exist_ok=True)
                soundfile.write(words / label / f"{number // 3:08x}_nohash_{number % 3}.wav", x, 16000)
            rng = np.random.default_rng(0)
            signals = {name: make_noise(name)(rng, round(NOISE_S * 16000), 16000) for name in RECORDED_NOISES}
            noise.mkdir()
            for name, y in signals.items():
                soundfile.write(noise / f"{name}.wav", 0.1 * y / np.sqrt(np.mean(y**2)), 16000)

    def _prepare(self) -> None:
        from drsn_keras.training.prepared.folder import is_prepared
        from drsn_keras.training.prepared.prepare import prepare

        for kind, name in SHARDS.items():
            if not is_prepared(self.folder / name):
                prepare(self.config, self.folder / name, workers=2, shard_mb=4.0, compressed=kind == PREPARED)


def _compare(rounds: dict[str, list[float]]) -> dict[str, float]:
    """Medians, and ratios of what was measured in the same round."""
    figures = {f"clips_per_s_{kind}": round(statistics.median(values)) for kind, values in rounds.items()}
    for kind, name in (
        (WHOLE, "overhead"),
        (PREPARED, "overhead_prepared"),
        (STORED, "overhead_uncompressed"),
        (GRAPH, "overhead_graph"),
    ):
        percents = [100.0 * (bare / other - 1.0) for bare, other in zip(rounds[BARE], rounds[kind], strict=True)]
        figures[f"{name}_percent"] = round(statistics.median(percents), 1)
        figures[f"{name}_percent_least"], figures[f"{name}_percent_most"] = (
            round(extreme(percents), 1) for extreme in (min, max)
        )
    times = [whole / plain for whole, plain in zip(rounds[WHOLE], rounds[PLAIN], strict=True)]
    figures |= {"times_librosa": round(statistics.median(times), 1)}
    figures |= {"times_librosa_least": round(min(times), 1), "times_librosa_most": round(max(times), 1)}
    return figures


def _curve(rounds: dict[str, list[float]], where: str) -> dict[str, int]:
    return {f"clips_per_s_{kind}_{where}": round(statistics.median(values)) for kind, values in rounds.items()}


def _in_child(arguments: argparse.Namespace, threads: int) -> dict[str, list[float]]:
    """The same on fewer cores: TensorFlow sees them when it starts."""
    log(f"with {threads} of the cores")
    words = ["--folder", str(arguments.folder), "--steps", str(arguments.steps), "--threads", str(threads)]
    done = subprocess.run([sys.executable, __file__, *words], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"with {threads} cores: expected an end without an error, got {done.returncode}")
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    start(main)
