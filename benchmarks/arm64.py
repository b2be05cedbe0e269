"""``make check-arm64``: the edge wheel on a Raspberry Pi 4's processor, emulated, hears what it hears here.

A Debian for arm64 is unpacked (its packages are not configured: Python runs all the same), the wheel and its
dependencies for aarch64 are installed beside it, and qemu-user runs ``drsn-edge listen`` on a Cortex-A72. It has to
hear the same words at the same times, and at every evaluation the same word with the same probability, but for one step
of the int8 output: the features are equal to the last bit, XNNPACK rounds some sums differently on the two processors.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from drsn_keras.command_line import log
from edge_wheel import ROOT, build_wheel, conclude, find_bundle, install, options, words

SUITE, PYTHON = "bookworm", "3.11"
LIMITS = {
    "installed_mb": 150.0,
    "detections_that_differ": 0,
    "verdicts_that_differ": 0,
    "largest_score_difference": 1 / 256 + 1e-4,
}
PLATFORMS = ("manylinux_2_28_aarch64", "manylinux_2_27_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64")
#: Packages of Debian by the command that is looked for.
TOOLS = {"debootstrap": "debootstrap", "dpkg-deb": "dpkg"}
EMULATORS = ("qemu-aarch64-static", "qemu-aarch64")
_CPU_INFO = """processor\t: {number}
BogoMIPS\t: 108.00
Features\t: fp asimd evtstrm crc32 cpuid
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x0
CPU part\t: 0xd08
CPU revision\t: 3
"""


def main() -> None:
    """Set up the emulated computer, listen on both, compare, write the figures."""
    parser = options(__doc__, "arm64")
    parser.add_argument("--work", type=Path, default=Path("build/arm64"), help="what is downloaded and installed")
    parser.add_argument("--wav", type=Path, nargs="+", help="what to hear (default: synthetic words)")
    arguments = parser.parse_args()
    emulator = _tools()
    bundle, work = find_bundle(arguments.bundle), arguments.work.resolve()
    files = [path.resolve() for path in arguments.wav or [words(bundle, work)]]
    root = _debian(work)
    wheel = build_wheel(work / "wheel")
    log(f"installing {wheel.name}[edge] for aarch64")
    platforms = [word for name in PLATFORMS for word in ("--platform", name)]
    only = ["--only-binary", ":all:", "--python-version", PYTHON, "--implementation", "cp", "--abi", "cp311"]
    size = install(wheel, work / "site", *only, *platforms)
    here, _ = _lines([sys.executable], bundle, files, {}, ROOT)
    emulated = [emulator, "-L", str(root), str(root / f"usr/bin/python{PYTHON}"), "-s"]
    where = {"QEMU_CPU": "cortex-a72", "PYTHONHOME": str(root / "usr"), "PYTHONPATH": str(work / "site")}
    there, seconds = _lines(emulated, bundle, files, where, work / "site")
    figures = {
        "bundle": json.loads((bundle / "card.json").read_text(encoding="utf-8"))["name"],
        "machine": _machine(emulated, where),
        "installed_mb": round(size / 1e6, 1),
        "detections": len(here["detection"]),
        "words": ", ".join(line["label"] for line in here["detection"]),
        "detections_that_differ": _differences(here["detection"], there["detection"]),
        "verdicts": len(here["verdict"]),
        "verdicts_that_differ": _differences(here["verdict"], there["verdict"]),
        "lines_that_differ_at_all": sum(_differences(here[k], there[k], whole=True) for k in here),
        "largest_score_difference": _score_difference(here, there),
        "emulated_listen_s": round(seconds, 1),
    }
    if not figures["detections"]:
        heard = ", ".join(map(str, files))
        sys.exit(f"{heard}: expected words that the bundle hears, got no detection (--wav, --bundle)")
    conclude(figures, LIMITS, arguments.out)


def _tools() -> str:
    """The emulator; one line says what to install."""
    missing = [package for command, package in TOOLS.items() if not _which(command)]
    emulator = next((found for name in EMULATORS if (found := _which(name))), None)
    if emulator is None:
        missing.append("qemu-user-static")
    if missing:
        sys.exit(f"please install: {' '.join(missing)} (on Debian: apt-get install -y {' '.join(missing)})")
    return emulator


def _which(command: str) -> str | None:
    return shutil.which(command, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def _debian(work: Path) -> Path:
    """The unpacked system; downloaded once."""
    root, done = work / "root", work / "root.done"
    if done.is_file():
        return root
    if os.geteuid() != 0:
        sys.exit("debootstrap has to be run by root the first time (sudo make check-arm64)")
    shutil.rmtree(root, ignore_errors=True)
    log(f"downloading Debian {SUITE} for arm64 into {root}")
    work.mkdir(parents=True, exist_ok=True)
    flags = ["--foreign", "--arch=arm64", "--variant=minbase", "--include=python3"]
    command = [_which("debootstrap"), *flags, SUITE, root]
    with (work / "debootstrap.log").open("w") as said:
        if subprocess.run([*map(str, command)], stdout=said, stderr=said, check=False).returncode:
            sys.exit(f"debootstrap failed: see {work / 'debootstrap.log'}")
    for package in sorted((root / "var/cache/apt/archives").glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", str(package), str(root)], check=True)
    # The libraries that ask what processor this is would be told about this computer's.
    _write(root / "proc/cpuinfo", "\n".join(_CPU_INFO.format(number=number) for number in range(4)))
    for name in ("possible", "present"):
        _write(root / "sys/devices/system/cpu" / name, "0-3\n")
    done.touch()
    return root


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _lines(
    python: list[str], bundle: Path, files: list[Path], more: dict[str, str], cwd: Path
) -> tuple[dict[str, list[dict[str, Any]]], float]:
    """What ``listen`` prints, by type of line, and the seconds it took."""
    command = [*python, "-m", "drsn_keras.edge.cli", "listen", bundle, "--wav", *files, "--json", "--all"]
    began = time.perf_counter()
    done = subprocess.run(
        [*map(str, command)], cwd=cwd, env={**os.environ, **more}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{python[0]}: drsn-edge listen: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")
    lines: dict[str, list[dict[str, Any]]] = {"detection": [], "verdict": []}
    for line in done.stdout.splitlines():
        lines[(values := json.loads(line))["type"]].append(values)
    return lines, time.perf_counter() - began


def _machine(python: list[str], more: dict[str, str]) -> str:
    """What the emulated Python says it runs on."""
    code = "import platform as p, numpy as n; print(p.machine(), 'Python', p.python_version(), 'NumPy', n.__version__)"
    done = subprocess.run([*python, "-c", code], env={**os.environ, **more}, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _differences(a: list[dict[str, Any]], b: list[dict[str, Any]], *, whole: bool = False) -> int:
    """Lines that differ: in anything, or in anything but the score."""
    left_out = set() if whole else {"score"}
    a, b = ([{k: v for k, v in line.items() if k not in left_out} for line in lines] for lines in (a, b))
    return sum(x != y for x, y in zip(a, b, strict=False)) + abs(len(a) - len(b))


def _score_difference(a: dict[str, list[dict[str, Any]]], b: dict[str, list[dict[str, Any]]]) -> float:
    pairs = [(x["score"], y["score"]) for kind in a for x, y in zip(a[kind], b[kind], strict=False)]
    return round(max(abs(x - y) for x, y in pairs), 4)


if __name__ == "__main__":
    main()
