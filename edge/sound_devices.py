"""The devices that hear, as PortAudio lists them. The only file that imports the package sounddevice."""

from __future__ import annotations

import re
from typing import Any

from drsn_keras.errors import DataError, DrsnError, UsageError, mismatch

MISSING = 'sounddevice is not installed: pip install "drsn-keras[edge]"'
NO_PORTAUDIO = "PortAudio is not installed; on Raspberry Pi OS, Debian and Ubuntu: apt install libportaudio2"


def device_table() -> str:
    """All devices that hear, a line each: number, name, channels, rate, system; the default has a star."""
    sd = sounddevice()
    default = default_of(sd)
    rows = [
        f"{'*' if one['index'] == default else ' '} {one['index']:>3}  {one['name']}  "
        f"{one['max_input_channels']} in  {one['default_samplerate']:.0f} Hz  "
        f"{sd.query_hostapis(one['hostapi'])['name']}"
        for one in inputs_of(sd)
    ]
    return "\n".join(rows)


def sounddevice() -> Any:
    """The package, which is loaded now."""
    try:
        import sounddevice as found
    except ImportError as error:
        missing = isinstance(error, ModuleNotFoundError) and error.name == "sounddevice"
        raise DrsnError(MISSING if missing else f"{MISSING} ({error})") from None
    except OSError as error:  # the package is there, the library is not
        raise DrsnError(f"{NO_PORTAUDIO} ({error})") from None
    return found


def inputs_of(sd: Any) -> list[dict[str, Any]]:
    """The devices that hear."""
    return [one for one in sd.query_devices() if one["max_input_channels"] > 0]


def default_of(sd: Any) -> int:
    """The system's own choice; -1 where it has none."""
    try:
        return int(sd.query_devices(kind="input")["index"])
    except (sd.PortAudioError, ValueError):
        return -1


def find_device(sd: Any, device: str) -> dict[str, Any]:
    """The device that is meant by a number, a part of a name, or nothing (the system's choice)."""
    inputs = inputs_of(sd)
    if not inputs:
        raise DataError(mismatch("--mic", "a device that hears", "none (is a microphone plugged in?)"))
    if not device:
        default = default_of(sd)
        return next((one for one in inputs if one["index"] == default), inputs[0])
    found = [one for one in inputs if device == one["name"] or device == str(one["index"])]
    found = found[:1] or [one for one in inputs if device.lower() in one["name"].lower()]
    if len(found) != 1:
        got = "; ".join(one["name"] for one in found) or "none"
        error = UsageError if found else DataError
        raise error(mismatch(f"--mic {device}", "one device (see --list-devices)", got))
    return found[0]


def find_again(inputs: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """The device that was there before; ALSA's number of its card, in brackets, may be another now."""
    same = [one for one in inputs if one["name"] == name] or [one for one in inputs if _stem(one) == _stem(name)]
    if not same:
        raise DataError(mismatch(name, "the microphone", "none of that name"))
    return same[0]


def _stem(device: dict[str, Any] | str) -> str:
    name = device if isinstance(device, str) else device["name"]
    return re.sub(r"\s*\(hw:\d+,\d+\)$", "", name)


def settings_of(sd: Any, device: dict[str, Any], rate_hz: int, channels: int | None) -> tuple[int, int]:
    """Rate [Hz] and channels that the device takes: the wanted rate if it can, its own else; one channel, or all."""
    own_hz, most = round(device["default_samplerate"]), int(device["max_input_channels"])
    pairs = ((n, hz) for n in ((channels,) if channels else (1, most)) for hz in (rate_hz, own_hz))
    wanted = list(dict.fromkeys(pairs))
    reason = ""
    for n, hz in wanted:
        try:
            sd.check_input_settings(device=device["index"], channels=n, dtype="float32", samplerate=hz)
        except (sd.PortAudioError, ValueError) as error:
            reason = one_line(error)
        else:
            return hz, n
    tried = ", ".join(f"{n} channels at {hz} Hz" for n, hz in wanted)
    raise DataError(mismatch(device["name"], f"a microphone that takes {tried}", reason))


def one_line(error: object) -> str:
    """What an error says, on one line."""
    return " ".join(str(error).split())
