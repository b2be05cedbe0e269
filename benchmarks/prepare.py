"""``make bench-prepare GB=20``: recordings that do not fit into memory: prepared, trained on, streamed; memory of all.

A corpus of one-second WAV files is made (``GB`` of samples, ten words, and three quarters of an hour of noise),
prepared by ``drsn-train prepare``, and trained on for one epoch by ``drsn-train keywords``; a stretch of an epoch is
streamed without a network. What every process held at its most is read from Linux's /proc. It takes twice ``GB`` of
disk, freed at the end (``--keep``).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from drsn_keras.command_line import log
from keyword_runs import conclude, show, start, table
from process_figures import memory_mb

#: The bar for any one process [MiB]: 2 GiB.
MOST_MB = 2048.0
RATE_HZ = 16000
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_CLIPS_OF_A_SPEAKER = 30
_NOISES, _NOISE_S = 3, 900.0
#: Batches that are streamed without a network.
_STREAM_STEPS = 1500
_EVERY_S = 0.25
_STREAM = "--stream"


def main() -> None:
    """Make, prepare, train, stream; print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gb", type=float, default=1.0, help="samples of the corpus (1)")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)), help="of drsn-train prepare")
    parser.add_argument("--folder", type=Path, default=Path("build/bench/prepare"), help="for corpus and shards")
    parser.add_argument("--keep", action="store_true", help="leave corpus and shards where they are")
    parser.add_argument("--out", type=Path, default=Path("build/bench/prepare.json"))
    parser.add_argument(_STREAM, type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.stream:
        print(json.dumps(stream(arguments.stream)))
        return
    if not Path("/proc/self/status").exists():
        raise SystemExit("bench-prepare reads /proc: it needs Linux")
    clips = max(1000, round(arguments.gb * 1e9 / (2 * RATE_HZ)))
    data, noise, shards, run = (arguments.folder / name for name in ("data", "noise", "prepared", "run"))
    _require_room(arguments.folder, 2.1 * 2 * RATE_HZ * clips)
    shutil.rmtree(arguments.folder, ignore_errors=True)
    figures: dict[str, Any] = {"gb": round(2e-9 * RATE_HZ * clips, 3), "clips": clips, "cores": arguments.workers}
    try:
        began = time.monotonic()
        write_corpus(data, clips)
        write_noise(noise)
        log(f"{clips:,} files in {time.monotonic() - began:.0f} s")
        drsn_train = [sys.executable, "-m", "drsn_keras.training.cli"]
        command = [*drsn_train, "prepare", "--data", str(data), "--noise", str(noise), "--out", str(shards)]
        seconds, peaks, _ = watched([*command, "--workers", str(arguments.workers)])
        figures |= {"prepare_s": round(seconds, 1), "prepare_clips_per_s": round(clips / seconds)}
        figures["shards_gb"] = round(sum(f.stat().st_size for f in shards.iterdir()) / 1e9, 3)
        figures |= {"prepare_peaks_mb": peaks, "prepare_peak_mb": max(peaks)}
        command = [*drsn_train, "keywords", "--data", str(shards), "--out", str(run), "--epochs", "1"]
        seconds, peaks, _ = watched(command)
        trained = json.loads((run / "summary.json").read_text(encoding="utf-8"))["clips"]["train"]
        figures |= {"train_s": round(seconds, 1), "train_clips": trained}
        figures |= {"train_clips_per_s": round(trained / seconds), "train_peaks_mb": peaks, "train_peak_mb": max(peaks)}
        _, _, text = watched([sys.executable, __file__, _STREAM, str(shards)])
        figures |= json.loads(text.splitlines()[-1])
    finally:
        if not arguments.keep:
            shutil.rmtree(arguments.folder, ignore_errors=True)
    rows = [
        ("prepare", f"{figures['prepare_clips_per_s']:,}", f"{figures['prepare_peak_mb']:,}"),
        ("training, all of the command", f"{figures['train_clips_per_s']:,}", f"{figures['train_peak_mb']:,}"),
        ("stream alone", f"{figures['stream_clips_per_s']:,}", ""),
    ]
    show(figures, table(("part", "clips/s", "most in a process [MiB]"), rows), arguments.out)
    peaks = {name: figures[name] for name in ("prepare_peak_mb", "train_peak_mb")}
    missed = [f"{name} {peak} (at most {MOST_MB:.0f})" for name, peak in peaks.items() if peak > MOST_MB]
    conclude(missed, [f"{name} {peak}" for name, peak in peaks.items()])


def _require_room(folder: Path, size: float) -> None:
    place = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    free = shutil.disk_usage(place).free
    if free < size:
        raise SystemExit(f"{folder}: expected {size / 1e9:.1f} GB of free disk, got {free / 1e9:.1f}")


def write_corpus(data: Path, clips: int) -> None:
    """One-second WAV files WORD/SPEAKER_nohash_N.wav: bursts of tone in hiss, no two alike."""
    rng = np.random.default_rng(0)
    t = np.arange(RATE_HZ) / RATE_HZ
    hiss = (300 * rng.standard_normal(4 * RATE_HZ)).astype(np.int16)
    bursts = [4000 * np.exp(-(((t - 0.5) / 0.15) ** 2)) * np.sin(2 * np.pi * (200 + 170 * i) * t) for i in range(10)]
    bursts = [burst.astype(np.int16) for burst in bursts]
    header = _wav_header(RATE_HZ)
    for word in WORDS:
        (data / word).mkdir(parents=True)
    for i in range(clips):
        word, speaker = i % len(WORDS), i // _CLIPS_OF_A_SPEAKER
        place, shift = rng.integers(3 * RATE_HZ), rng.integers(-1600, 1600)
        samples = hiss[place : place + RATE_HZ] + np.roll(bursts[word], shift)
        name = f"{speaker:08x}_nohash_{i % _CLIPS_OF_A_SPEAKER}.wav"
        (data / WORDS[word] / name).write_bytes(header + samples.tobytes())


def write_noise(folder: Path) -> None:
    """Recordings of noise, a kind each, more than a training takes in."""
    import soundfile

    rng = np.random.default_rng(1)
    folder.mkdir()
    for number in range(_NOISES):
        y = 0.05 * rng.standard_normal(round(_NOISE_S * RATE_HZ), np.float32)
        soundfile.write(
            folder / f"hum{number}.wav", np.convolve(y, np.ones(2 + number) / (2 + number), "same"), RATE_HZ
        )


def _wav_header(n: int) -> bytes:
    import struct

    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE_HZ, 2 * RATE_HZ, 2, 16)
    return struct.pack("<4sI4s", b"RIFF", 36 + 2 * n, b"WAVE") + fmt + struct.pack("<4sI", b"data", 2 * n)


def watched(command: list[str]) -> tuple[float, list[int], str]:
    """Run a command: its seconds, the most memory of each of its processes [MiB, largest first], its stdout."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    peaks: dict[int, float] = {}
    done = threading.Event()

    def watch() -> None:
        while not done.wait(_EVERY_S):
            for pid in _family(process.pid):
                try:
                    peaks[pid] = max(peaks.get(pid, 0.0), memory_mb(pid, "VmHWM"))
                except OSError:
                    continue

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    text, _ = process.communicate()
    done.set()
    watcher.join()
    if process.returncode:
        raise SystemExit(f"{' '.join(command[1:4])} ended with {process.returncode}")
    return time.monotonic() - began, sorted((round(mb) for mb in peaks.values() if mb), reverse=True), text


def _family(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for one in found:
        try:
            for task in Path(f"/proc/{one}/task").iterdir():
                found += map(int, (task / "children").read_text(encoding="ascii").split())
        except OSError:
            continue
    return found


def stream(prepared: Path) -> dict[str, Any]:
    """Batches as drsn-train makes them, and nothing done with them."""
    from drsn_keras.training.quiet import quiet_tensorflow

    quiet_tensorflow()
    from drsn_keras.frontend import ROOT_MEL_40
    from drsn_keras.training.config import KeywordConfig
    from drsn_keras.training.corpus import open_corpus
    from drsn_keras.training.training_batches import training_batches

    config = KeywordConfig(data=str(prepared.resolve()), front_end=ROOT_MEL_40.to_dict(), spectral="frames")
    corpus = open_corpus(config)
    corpus.read_all()
    batches = training_batches(corpus, config, config.seed)
    steps = min(_STREAM_STEPS, batches.steps_per_epoch)
    made = iter(batches.dataset(0).take(steps))
    next(made)
    began = time.monotonic()
    for _ in made:
        pass
    return {"stream_clips_per_s": round((steps - 1) * batches.batch_size / (time.monotonic() - began))}


if __name__ == "__main__":
    start(main)
