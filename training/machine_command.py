"""``drsn-train machine``: a fresh recording of a simulated machine, to try a model on."""

from __future__ import annotations

import argparse
import io
from pathlib import Path

from drsn_keras.command_line import log
from drsn_keras.errors import UsageError, mismatch

_EXAMPLE = "example: drsn-train machine --state bearing-outer-race --noise pink --snr 5 --out fresh.npz"
#: Far behind the machines that any training has seen.
_NUMBER = 5000
_SEED_LIMIT = 2**31


def add(commands: argparse._SubParsersAction) -> None:
    """Add the sub-command to the parser."""
    parser = commands.add_parser(
        "machine",
        help="write a recording of a simulated machine to an NPZ file",
        description="Simulate a machine of the type that drsn-train vibration trains on without --data, but one that "
        "training never saw, and write its acceleration as NPZ (signal, sample_rate_hz, unit, rpm, label).",
        epilog=_EXAMPLE,
    )
    parser.add_argument("--state", default="normal", metavar="STATE", help="normal, bearing-outer-race ... (normal)")
    parser.add_argument("--rpm", type=float, default=1800.0, metavar="N", help="speed of the shaft (1800)")
    parser.add_argument("--load", type=float, default=0.6, metavar="SHARE", help="share of the rated torque (0.6)")
    parser.add_argument("--duration", type=float, default=10.0, metavar="S", help="seconds (10)")
    parser.add_argument("--severity", type=float, default=1.0, metavar="X", help="size of the defect, 0 to 5 (1)")
    parser.add_argument("--noise", metavar="KIND", help="a generated noise on top")
    parser.add_argument("--snr", type=float, default=10.0, metavar="DB", help="of --noise (10)")
    parser.add_argument("--type-seed", type=int, default=0, metavar="N", help="--seed of the training (0)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="another machine and recording (0)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.npz")
    parser.set_defaults(handler=_handle)


def _handle(arguments: argparse.Namespace) -> None:
    import numpy as np

    from drsn_keras.files import write_atomically
    from drsn_keras.machinery import KNOWN_BEARINGS
    from drsn_keras.noise import make_noise, mix_at_snr
    from drsn_keras.simulation import draw_recipe, render, simulated_machine

    if not arguments.out.parent.is_dir() or arguments.out.is_dir():
        raise UsageError(mismatch("--out", "a file in an existing folder", arguments.out))
    if arguments.out.suffix != ".npz":
        raise UsageError(mismatch("--out", "a name that ends in .npz", arguments.out.name))
    for name in ("seed", "type_seed"):
        if not 0 <= getattr(arguments, name) < _SEED_LIMIT:
            raise UsageError(mismatch(f"--{name.replace('_', '-')}", "0 to 2147483647", getattr(arguments, name)))
    machine = simulated_machine(arguments.type_seed, _NUMBER + arguments.seed)
    rng = np.random.default_rng([arguments.seed, 11])
    recipe = draw_recipe(
        machine,
        arguments.state,
        arguments.rpm,
        arguments.load,
        arguments.duration,
        rng,
        severity=arguments.severity,
    )
    y = render(recipe)
    if arguments.noise is not None:
        y = mix_at_snr(y, make_noise(arguments.noise)(rng, len(y), recipe.sample_rate_hz), arguments.snr)[0]
    content = io.BytesIO()
    np.savez(
        content,
        signal=y,
        sample_rate_hz=recipe.sample_rate_hz,
        unit="m/s^2",
        rpm=recipe.speed_rpm,
        label=recipe.state,
        machine=f"drivetrain-{_NUMBER + arguments.seed}",
    )
    write_atomically(arguments.out, content.getvalue())
    bearing = next((name for name, one in KNOWN_BEARINGS.items() if one == machine.bearing), "its own")
    noise = f", {arguments.noise} noise at {arguments.snr:g} dB" if arguments.noise else ""
    log(f"{arguments.out}: {recipe.duration_s:g} s, {recipe.state}, {recipe.speed_rpm:g} rpm, bearing {bearing}{noise}")
