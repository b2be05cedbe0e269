"""``make bench-keywords``: DRSN-CW and its ResNet twin on real speech in real noise, as int8 on the device's runtime.

Training data, split and noise are those of the recordings' manifest; accuracy is that of the int8 bundle on the test
clips of speakers, and parts of noise recordings, that training never heard.
"""

from __future__ import annotations

import argparse

from drsn_keras.command_line import log
from drsn_keras.training.quiet import quiet_tensorflow
from keyword_runs import conclude, configuration, key, options, require_data, show, start, table, train

#: What the int8 bundle must reach [%], and what it may cost.
BARS = {"int8_clean": 89.0, "int8_0db": 78.0, "int8_m5db": 68.0}
LIMITS = {"parameters": 75_000, "train_seconds": 240}
SNRS_DB = (20.0, 15.0, 10.0, 5.0, 0.0, -5.0, -10.0)


def main() -> None:
    """Train both, export both, measure both, print and write the figures."""
    parser = options(__doc__, "keywords")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    require_data(arguments.data)
    quiet_tensorflow()
    figures = {}
    for kind in ("drsn-cw", "resnet"):
        figures[kind] = _measure(kind, arguments)
    drsn, resnet = figures["drsn-cw"], figures["resnet"]
    low = [f"{s:g}" for s in SNRS_DB if s <= 0]
    gain = sum(drsn["int8"][s] - resnet["int8"][s] for s in low) / len(low)
    flat = {
        "int8_clean": drsn["int8"]["clean"],
        "int8_0db": drsn["int8"]["0"],
        "int8_m5db": drsn["int8"]["-5"],
        "float_clean": drsn["keras"]["clean"],
        "float_0db": drsn["keras"]["0"],
        "float_m5db": drsn["keras"]["-5"],
        **{
            f"{scheme if scheme == 'int8' else 'float'}_{key(snr)}": drsn[scheme][f"{snr:g}"]
            for scheme in ("int8", "keras")
            for snr in SNRS_DB
        },
        "parameters": drsn["parameters"],
        "macs": drsn["macs"],
        "int8_bytes": drsn["int8_bytes"],
        "train_seconds": drsn["train_seconds"],
        "drsn_minus_resnet_le_0db": round(gain, 2),
        "verify_loss_points": drsn["verify_loss_points"],
        "verify_agreement": drsn["verify_agreement"],
        "resnet_int8_clean": resnet["int8"]["clean"],
        "resnet_int8_0db": resnet["int8"]["0"],
        "resnet_int8_m5db": resnet["int8"]["-5"],
        "resnet_parameters": resnet["parameters"],
        "resnet_train_seconds": resnet["train_seconds"],
        "test_clips": drsn["n"],
        "epochs": drsn["epochs"],
        "seed": arguments.seed,
    }
    show(flat, _table(figures), arguments.out)
    missed = [f"{name} {flat[name]} (bar: {bar})" for name, bar in BARS.items() if flat[name] < bar]
    missed += [f"{name} {flat[name]} (limit: {limit})" for name, limit in LIMITS.items() if flat[name] > limit]
    conclude(missed, [*BARS, *LIMITS])


def _measure(kind: str, arguments: argparse.Namespace) -> dict:
    from drsn_keras.export.calibration import draw_calibration
    from drsn_keras.export.convert import convert_run
    from drsn_keras.export.recipe import Recipe
    from drsn_keras.export.verified_card import store_verification
    from drsn_keras.export.verify import verify_bundle
    from drsn_keras.training.conditions import CLEAN, RECORDED
    from drsn_keras.training.evaluate import accuracy_of
    from drsn_keras.training.evaluation_run import evaluate_run

    folder = arguments.runs / kind
    run, train_seconds = train(configuration(arguments.data, kind, arguments.seed, arguments.epochs), folder)
    summary = run.summary
    bundle = folder / "bundles" / "int8"
    card = convert_run(run, Recipe(), draw_calibration(run.corpus, run.config), bundle)
    verification = verify_bundle(bundle, run)
    store_verification(bundle, verification)
    for fault in verification.faults:
        log(f"{kind}: {fault}")
    results, page = evaluate_run(run, [bundle], noises=[RECORDED], snrs_db=SNRS_DB)
    log(f"report: {page}")
    return {
        **{
            scheme: {
                "clean": round(accuracy_of(results, scheme, CLEAN, float("inf")), 2),
                **{f"{s:g}": round(accuracy_of(results, scheme, RECORDED, s), 2) for s in SNRS_DB},
            }
            for scheme in ("keras", "int8")
        },
        "parameters": summary["parameters"],
        "macs": summary["macs"],
        "train_seconds": round(train_seconds, 1),
        "epochs": summary["epochs"],
        "int8_bytes": card.size_bytes,
        "verify_loss_points": round(verification.loss, 3),
        "verify_agreement": round(verification.agreement, 2),
        "n": len(results[0].truth),
    }


def _table(figures: dict) -> str:
    names = ["clean", *(f"{s:g}" for s in SNRS_DB)]
    rows = [
        [kind, scheme, *(f"{found[scheme][name]:.1f}" for name in names)]
        for kind, found in figures.items()
        for scheme in ("keras", "int8")
    ]
    return table(["model", "scheme", *names], rows)


if __name__ == "__main__":
    start(main)
