"""Synthetic words, spoken by the real synthesiser: voices apart, nothing that sounds like a keyword, repeatable."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import time

import numpy as np
import pytest

from drsn_keras.errors import DrsnError, UsageError
from drsn_keras.training.audio import to_float
from drsn_keras.training.recordings import SILENCE, SPLITS, UNKNOWN
from drsn_keras.training.splits import check_disjoint
from drsn_keras.training.synthesis import (
    NOTICE,
    SyntheticWords,
    Voice,
    speak,
    speak_all,
    split_variants,
    synthesize_words,
    voices,
)
from drsn_keras.training.synthesis.speech import phonemes, trim
from drsn_keras.training.synthesis.vocabulary import COMMON_WORDS, edit_distance, near_misses, other_words

spoken = pytest.mark.skipif(
    importlib.util.find_spec("espeakng_loader") is None,
    reason='no synthesiser: pip install "drsn-keras[synthesis]"',
)


@pytest.fixture(scope="module")
def words() -> SyntheticWords:
    return synthesize_words(["turn on", "stop"], 40, seed=7)


def fingerprint(words: SyntheticWords) -> bytes:
    return b"".join(words.part(s).x.tobytes() for s in SPLITS)


@spoken
def test_counts_labels_and_shapes(words: SyntheticWords) -> None:
    assert words.labels == ("turn on", "stop", SILENCE, UNKNOWN)
    counts = words.protocol["counts"]
    assert counts["train"] == {"turn on": 28, "stop": 28, SILENCE: 28, UNKNOWN: 56}
    assert counts["val"] == {"turn on": 4, "stop": 4, SILENCE: 4, UNKNOWN: 8}
    assert counts["test"] == {"turn on": 8, "stop": 8, SILENCE: 8, UNKNOWN: 16}
    for split in SPLITS:
        clips = words.part(split)
        assert clips.x.shape == (sum(counts[split].values()), round(words.duration_s * 16000))
        assert clips.x.dtype == np.int16
        assert [words.labels[y] for y in clips.y] == [r.label for r in clips.recordings]


@spoken
def test_it_says_that_it_is_synthetic(words: SyntheticWords) -> None:
    assert words.protocol["synthetic_speech"] is True
    assert words.protocol["synthesiser"].startswith("espeak-ng 1.")
    assert NOTICE in words.protocol["notes"]
    assert all(words.part(s).notes == [NOTICE] for s in SPLITS)
    assert json.loads(json.dumps(words.protocol)) == words.protocol


@spoken
def test_no_voice_is_in_two_splits(words: SyntheticWords) -> None:
    everything = [r for s in SPLITS for r in words.part(s).recordings]
    check_disjoint(everything)
    by_split = split_variants()
    assert sum(map(len, by_split.values())) == len(set().union(*by_split.values())) > 80
    for r in everything:
        if r.label != SILENCE:
            assert r.group in by_split[r.split]


@spoken
def test_speech_is_whole_and_silence_is_faint(words: SyntheticWords) -> None:
    clips = words.part("train")
    peak = np.max(np.abs(to_float(clips.x)), axis=1)
    silent = np.array([r.label == SILENCE for r in clips.recordings])
    assert peak[silent].max() < 10 ** (-40 / 20)
    assert (20 * np.log10(peak[~silent]) > -20.1).all()
    assert (20 * np.log10(peak[~silent]) < -0.9).all()
    # Speech begins at another place in every clip, and nothing of the keywords was cut.
    starts = [int(np.flatnonzero(x)[0]) for x in clips.x[~silent]]
    assert np.std(starts) > 1000
    assert words.longest_s <= words.duration_s


@spoken
def test_the_same_seed_gives_the_same_samples_and_another_does_not(words: SyntheticWords) -> None:
    assert fingerprint(synthesize_words(["turn on", "stop"], 40, seed=7)) == fingerprint(words)
    assert fingerprint(synthesize_words(["turn on", "stop"], 40, seed=8)) != fingerprint(words)


@spoken
def test_another_process_gives_the_same_samples() -> None:
    code = "from drsn_keras.training.synthesis import speak; import sys; sys.stdout.buffer.write(speak('stop', seed=3))"
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    assert there == speak("stop", seed=3).tobytes()


@spoken
def test_long_phrases_get_the_room_they_need_or_are_cut_and_counted() -> None:
    phrase = "open the window in the kitchen"
    roomy = synthesize_words([phrase], 10, n_unknown=0, n_silence=0)
    assert roomy.labels == (phrase,)
    assert 1.2 < roomy.longest_s <= roomy.duration_s < roomy.longest_s + 0.1
    tight = synthesize_words([phrase], 10, duration_s=1.0, n_unknown=0, n_silence=0)
    assert tight.part("train").x.shape == (7, 16000)
    assert f"10 clips of {phrase} longer than 1 s, cut" in tight.protocol["notes"]


@spoken
def test_other_words_never_sound_like_a_keyword() -> None:
    keywords = ["right", "no", "two", "son"]
    others = other_words(keywords)
    assert not {"write", "know", "to", "too", "two", "sun", "right", "no"} & set(others)
    assert {"light", "night", "now"} <= set(others)
    near = near_misses(keywords, 10)
    assert {"light", "night"} <= set(near["right"])
    assert all(len(words_) == 10 for words_ in near.values())
    assert not set(keywords) & {w for words_ in near.values() for w in words_}


@spoken
def test_near_misses_of_phrases_are_their_parts_and_changes() -> None:
    near = near_misses(["turn on", "turn off"])
    assert {"turn", "on"} <= set(near["turn on"])
    assert "turn off" not in near["turn on"]
    assert any(w.startswith("turn ") for w in near["turn on"])
    assert set(near["turn on"]) & set(COMMON_WORDS)


@spoken
def test_rate_pitch_and_output_rate_do_what_they_say() -> None:
    voice = Voice("en-us", "m3", pitch_range=0)
    slow, fast = (len(speak("seven", Voice("en-us", "m3", rate))) for rate in (100, 250))
    assert slow > 1.5 * fast

    def pitch_hz(y: np.ndarray) -> float:
        y = y[len(y) // 4 : 3 * len(y) // 4]
        correlation = np.correlate(y, y, "full")[len(y) - 1 :]
        low, high = 16000 // 400, 16000 // 60
        return 16000 / (low + int(np.argmax(correlation[low:high])))

    low, high = (pitch_hz(speak("aah", Voice("en-us", "m3", 100, p, 0))) for p in (10, 90))
    assert high > 1.3 * low
    assert len(speak("seven", voice, 8000)) == pytest.approx(len(speak("seven", voice, 16000)) / 2, abs=2)


@spoken
def test_accents_and_variants_differ() -> None:
    assert phonemes(["hot water"], "en-us") != phonemes(["hot water"], "en-029")
    signals = speak_all([("water", Voice(a, v)) for a in ("en-us", "en") for v in ("m1", "f2")]).signals
    assert len({y.tobytes() for y in signals}) == 4


@spoken
def test_bad_requests_are_one_line() -> None:
    with pytest.raises(UsageError, match=r"^voice variant: expected one of .*, got nobody$"):
        speak("yes", Voice(variant="nobody"))
    with pytest.raises(DrsnError, match=r"^voice: expected an accent and a variant of espeak-ng, got xx-none\+m3$"):
        speak("yes", Voice("xx-none"))
    with pytest.raises(UsageError, match=r"^text to speak: expected letters, got '\.\.\.'$"):
        speak("...")


def test_bad_arguments_are_one_line() -> None:
    with pytest.raises(UsageError, match=r"^rate: expected 80 to 450 words a minute, got 20$"):
        Voice(rate_wpm=20)
    with pytest.raises(UsageError, match=r"^pitch range: expected 0 to 100, got 101$"):
        Voice(pitch_range=101)
    for phrases in ([], ["yes", "Yes"], ["yes", " "], ["_unknown_"]):
        with pytest.raises(UsageError, match=r"^phrases to synthesise: expected different phrases, got "):
            synthesize_words(phrases, 20)
    with pytest.raises(UsageError, match=r"^clips a phrase: expected at least 10, got 3$"):
        synthesize_words(["yes"], 3)


def test_a_missing_synthesiser_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voices.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DrsnError) as caught:
        synthesize_words(["yes"], 20)
    assert str(caught.value) == (
        'synthetic speech: expected the espeak-ng synthesiser (pip install "drsn-keras[synthesis]"), got not installed'
    )


@spoken
def test_four_thousand_words_take_less_than_a_minute() -> None:
    lines = [("turn on", Voice("en-us", v)) for v in split_variants()["train"]] * 5
    start = time.perf_counter()
    assert len(speak_all(lines).signals) == len(lines)
    assert (time.perf_counter() - start) / len(lines) < 60 / 4000


def test_trim_cuts_the_pauses_only() -> None:
    y = np.concatenate([np.zeros(1000), np.ones(480), np.full(320, 0.001), np.ones(160), np.zeros(700)])
    kept = trim(y, 16000)
    assert len(kept) in range(960, 960 + 2 * 160 + 1)
    assert kept.sum() == pytest.approx(y.sum())
    assert trim(np.zeros(500), 16000).shape == (500,)


def test_edit_distance() -> None:
    assert [edit_distance(a, b) for a, b in (("", ""), ("", "ab"), ("raIt", "laIt"), ("stQp", "tQp"))] == [0, 2, 1, 1]
