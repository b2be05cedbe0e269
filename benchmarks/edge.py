"""``make bench-edge``: what the edge wheel costs where it is installed, and what listening costs.

The wheel and its extra ``edge`` in a folder of their own, run by a Python that sees nothing else: installed size, time
to import, processor time and memory of ``drsn-edge listen`` on ten minutes of noise, of which two runs of different
length tell the part of starting from that of listening.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from drsn_keras.command_line import log
from edge_wheel import build_wheel, conclude, find_bundle, install, options, unpacked_mb

RATE_HZ = 16000
#: Says the largest memory at the end: what the system tells of a child has that of the parent before it in it.
_LISTEN = """
import sys
from drsn_keras.edge.cli import main
code = main(sys.argv[1:])
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")))
sys.exit(code)
"""
#: Largest figures that pass.
LIMITS = {"installed_mb": 150.0, "import_edge_s": 0.4, "import_listener_s": 0.4}
IMPORTS = {
    "import_edge_s": "import drsn_keras.edge",
    # All that listening needs: NumPy, the front end, the interpreter.
    "import_listener_s": "import drsn_keras.edge.listen_command, ai_edge_litert.interpreter",
}


def main() -> None:
    """Build, install, measure, print and write the figures."""
    parser = options(__doc__, "edge")
    parser.add_argument("--work", type=Path, default=Path("build/bench/edge"), help="wheel and installation")
    parser.add_argument("--seconds", type=float, default=600.0, help="of sound to listen to")
    arguments = parser.parse_args()
    bundle = find_bundle(arguments.bundle)
    wheel = build_wheel(arguments.work / "wheel")
    site = arguments.work.resolve() / "site"
    log(f"installing {wheel.name}[edge] into {site}")
    size = install(wheel, site)
    figures: dict[str, object] = {
        "bundle": json.loads((bundle / "card.json").read_text(encoding="utf-8"))["name"],
        "wheel_mb": round(wheel.stat().st_size / 1e6, 2),
        "wheel_unpacked_mb": round(unpacked_mb(wheel), 2),
        "installed_mb": round(size / 1e6, 1),
        **{f"installed_{name}_mb": round(_size(site / name) / 1e6, 1) for name in ("numpy", "ai_edge_litert")},
    }
    figures |= {name: round(min(_import_s(site, code) for _ in range(5)), 4) for name, code in IMPORTS.items()}
    figures |= _listen(site, bundle, arguments.seconds)
    conclude(figures, LIMITS, arguments.out)


def _python(site: Path, *arguments: object) -> tuple[list[str], dict[str, str]]:
    """A command and an environment that see the installation and the standard library only."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "OMP_", "OPENBLAS_"))}
    base = getattr(sys, "_base_executable", sys.executable)
    return [base, "-S", "-s", *map(str, arguments)], {**clean, "PYTHONPATH": str(site)}


def _import_s(site: Path, code: str) -> float:
    """Seconds that the imports take in a fresh process."""
    program = f"import time; t = time.perf_counter(); {code}; print(time.perf_counter() - t)"
    command, environment = _python(site, "-c", program)
    done = subprocess.run(command, env=environment, cwd=site, check=True, capture_output=True, text=True)
    return float(done.stdout)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _listen(site: Path, bundle: Path, seconds: float) -> dict[str, object]:
    """Processor time a second of sound, wall time, largest memory."""
    rng = np.random.default_rng(0)
    sound = np.round(rng.normal(0.0, 300.0, round(seconds * RATE_HZ))).clip(-32768, 32767).astype("<i2").tobytes()
    short = sound[: 2 * RATE_HZ * 10]
    start_cpu_s = min(_run(site, bundle, short)[0] for _ in range(3))
    cpu_s, wall_s, peak_mb = _run(site, bundle, sound)
    return {
        "listened_s": seconds,
        "listen_core_percent": round(100.0 * (cpu_s - start_cpu_s) / (seconds - 10.0), 3),
        "listen_times_real_time": round(seconds / wall_s, 1),
        "listen_start_and_10_s_cpu_s": round(start_cpu_s, 3),
        "listen_peak_rss_mb": round(peak_mb, 1),
    }


def _run(site: Path, bundle: Path, sound: bytes) -> tuple[float, float, float]:
    """Processor seconds, wall seconds and the largest resident memory [10^6 bytes] of one ``listen --stdin``."""
    command, environment = _python(site, "-c", _LISTEN, "listen", bundle, "--stdin", "--json")
    with tempfile.TemporaryFile() as file, tempfile.TemporaryFile() as figures:
        file.write(sound)
        file.seek(0)
        began = time.perf_counter()
        pipes = {"stdin": file, "stdout": figures, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(command, **pipes, env=environment, cwd=site)
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"drsn-edge listen {bundle}: exit code {process.returncode}")
        figures.seek(0)
        peak_kb = int(figures.read().split()[-2])
    return usage.ru_utime + usage.ru_stime, wall_s, peak_kb * 1024 / 1e6


if __name__ == "__main__":
    main()
