"""``drsn-train speak``: a fresh noisy recording to try a model on, spoken by the synthesiser."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

from drsn_keras.command_line import log
from drsn_keras.errors import UsageError, mismatch

_EXAMPLE = 'example: drsn-train speak "yes,hello,left" --noise roadside --snr 5 --out fresh.wav'
SAMPLE_RATE_HZ = 16000
#: Seconds of background before, between and after the words.
PAUSE_S = 1.2


def add(commands: argparse._SubParsersAction) -> None:
    """Add the sub-command to the parser."""
    parser = commands.add_parser(
        "speak",
        help="write a noisy stream of synthetic speech to a WAV file",
        description="Speak words one after another, each in another voice that training never heard, over generated "
        "noise, and write a 16 kHz WAV. Prints what was said when.",
        epilog=_EXAMPLE,
    )
    parser.add_argument("words", metavar="WORDS", help="comma-separated words or phrases, in order")
    parser.add_argument("--noise", default="pink", metavar="KIND", help="a generated noise (pink)")
    parser.add_argument("--snr", type=float, default=10.0, metavar="DB", help="SNR over the spoken parts (10)")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.wav")
    parser.add_argument("--json", action="store_true", help="print one JSON object a word")
    parser.set_defaults(handler=_handle)


def _handle(arguments: argparse.Namespace) -> None:
    import numpy as np

    from drsn_keras.noise import make_noise

    from .audio import write_wav
    from .synthesis import Voice, speak_all, split_variants

    words = [word.strip() for word in arguments.words.split(",") if word.strip()]
    if not words:
        raise UsageError(mismatch("WORDS", "comma-separated words", repr(arguments.words)))
    if not arguments.out.parent.is_dir() or arguments.out.is_dir():
        raise UsageError(mismatch("--out", "a file in an existing folder", arguments.out))
    if not math.isfinite(arguments.snr) or abs(arguments.snr) > 100:
        raise UsageError(mismatch("--snr", "-100 to 100 dB", arguments.snr))
    if arguments.seed < 0:
        raise UsageError(mismatch("--seed", "at least 0", arguments.seed))
    noise = make_noise(arguments.noise)
    rng = np.random.default_rng([arguments.seed, 7])
    variants = split_variants()["test"]
    lines = [(w, Voice(variant=variants[int(rng.integers(len(variants)))], rate_wpm=160)) for w in words]
    signals = speak_all(lines, SAMPLE_RATE_HZ, arguments.seed).signals
    pause = round(PAUSE_S * SAMPLE_RATE_HZ)
    parts, said, place = [np.zeros(pause, np.float32)], [], pause
    for word, y in zip(words, signals, strict=True):
        y = 0.1 * y / max(float(np.sqrt(np.mean(np.square(y)))), 1e-9)
        said.append({"word": word, "start_s": round(place / SAMPLE_RATE_HZ, 2)})
        parts += [y.astype(np.float32), np.zeros(pause, np.float32)]
        place += len(y) + pause
        said[-1]["end_s"] = round((place - pause) / SAMPLE_RATE_HZ, 2)
    speech = np.concatenate(parts)
    # Over the spoken parts: every word has a level of 0.1, so that its own SNR is the one asked for.
    level = 0.1 * 10.0 ** (-arguments.snr / 20.0)
    mixed = speech + np.float32(level) * noise(rng, len(speech), SAMPLE_RATE_HZ)
    peak = float(np.max(np.abs(mixed)))
    write_wav(arguments.out, mixed / max(1.0, peak / 0.99), SAMPLE_RATE_HZ)
    for entry in said:
        print(json.dumps(entry) if arguments.json else f"{entry['start_s']:6.2f} s  {entry['word']}")
    length = len(mixed) / SAMPLE_RATE_HZ
    log(f"{arguments.out}: {length:.1f} s of synthetic speech in {arguments.noise} noise at {arguments.snr:g} dB")
