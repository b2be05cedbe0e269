"""espeak-ng's C interface, as a program of its own: requests on stdin, speech on stdout. Standard library only.

It is never imported by the rest of the project, only run (:mod:`.speech` does), for two reasons. espeak-ng keeps
state between utterances that no call resets (echo, flutter, random numbers): only a fresh process gives the same
samples for the same requests. And espeak-ng is under GPL-3.0: it stays outside this project's process,
is installed by the extra ``synthesis`` (``espeakng-loader``), and runs only when somebody asks for it.

Protocol: one JSON object ``{"seed", "speak": [[text, voice, rate_wpm, pitch, pitch_range], ...], "phonemes":
[[text, accent], ...]}`` in; one line of JSON ``{"rate_hz", "version", "lengths", "phonemes"}`` or
``{"error"}`` out, followed by the samples of all utterances, 16 bit in the machine's byte order.

References
----------
espeak-ng, ``src/include/espeak-ng/speak_lib.h``: the functions and constants bound here.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys

SYNCHRONOUS, DONT_EXIT, CHARS_UTF8 = 2, 0x8000, 1
RATE, VOLUME, PITCH, PITCH_RANGE = 1, 2, 3, 4
CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


class Failure(Exception):
    """What the parent process turns into a one-line error."""


class Espeak:
    """The library, initialised, with its random numbers seeded."""

    def __init__(self, seed: int) -> None:
        import espeakng_loader

        data = espeakng_loader.get_data_path()
        self.library = ctypes.CDLL(espeakng_loader.get_library_path())
        self.library.espeak_Info.restype = ctypes.c_char_p
        self.library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self.rate_hz = self.library.espeak_Initialize(SYNCHRONOUS, 0, os.fsencode(data), DONT_EXIT)
        if self.rate_hz <= 0:
            raise Failure(f"espeak-ng cannot read its data in {data}")
        # It draws from a generator of its own, seeded from the clock, and from that of the C library.
        self.library.espeak_ng_SetRandSeed(ctypes.c_long(seed))
        ctypes.CDLL(None).srand(seed)
        self.chunks: list[bytes] = []
        self._callback = CALLBACK(self._receive)  # kept alive: C holds only a pointer
        self.library.espeak_SetSynthCallback(self._callback)

    def _receive(self, samples: int | None, n: int, _events: int | None) -> int:
        if samples and n > 0:
            self.chunks.append(ctypes.string_at(samples, 2 * n))
        return 0

    def set_voice(self, name: str) -> None:
        """Choose a voice, ``accent`` or ``accent+variant``."""
        if self.library.espeak_SetVoiceByName(name.encode()) != 0:
            raise Failure(f"voice: expected an accent and a variant of espeak-ng, got {name}")

    def speak(self, text: str, voice: str, rate_wpm: int, pitch: int, pitch_range: int) -> bytes:
        """Samples of one utterance."""
        self.set_voice(voice)
        for parameter, value in ((RATE, rate_wpm), (VOLUME, 100), (PITCH, pitch), (PITCH_RANGE, pitch_range)):
            self.library.espeak_SetParameter(parameter, value, 0)
        self.chunks = []
        data = text.encode()
        self.library.espeak_Synth(data, ctypes.c_size_t(len(data) + 1), 0, 0, 0, CHARS_UTF8, None, None)
        return b"".join(self.chunks)

    def phonemes(self, text: str, accent: str) -> str:
        """Pronunciation in espeak's phoneme letters."""
        self.set_voice(accent)
        # The function moves the pointer from clause to clause and sets it to null after the last.
        rest = ctypes.c_char_p(text.encode())
        parts = []
        while rest.value:
            parts.append((self.library.espeak_TextToPhonemes(ctypes.byref(rest), CHARS_UTF8, 0) or b"").decode())
        return " ".join(parts)


def main() -> None:
    """Answer the one request on stdin."""
    request = json.load(sys.stdin)
    out = sys.stdout.buffer
    try:
        engine = Espeak(request["seed"])
        spoken = [engine.speak(*arguments) for arguments in request["speak"]]
        answer = {
            "rate_hz": engine.rate_hz,
            "version": engine.library.espeak_Info(None).decode(),
            "lengths": [len(samples) // 2 for samples in spoken],
            "phonemes": [engine.phonemes(*arguments) for arguments in request["phonemes"]],
        }
    except (Failure, OSError, ImportError) as error:
        out.write(json.dumps({"error": str(error)}).encode() + b"\n")
        return
    out.write(json.dumps(answer).encode() + b"\n")
    out.writelines(spoken)


if __name__ == "__main__":
    main()
