"""A recipe refuses what means nothing, in one line, and names its result."""

import pytest

from drsn_keras.errors import UsageError
from drsn_keras.export.recipe import Recipe, parse_keep


@pytest.mark.parametrize(
    ("recipe", "name"),
    [
        (Recipe(), "int8"),
        (Recipe("int8-qat"), "int8-qat"),
        (Recipe("int16x8", "tflm"), "int16x8-tflm"),
        (Recipe(ranges="min-max", prune=0.5), "int8-min-max-pruned50"),
        (Recipe("float32", cluster=32), "float32-clustered32"),
        (Recipe(keep={"classes": "float"}), "int8-mixed"),
    ],
)
def test_names(recipe, name):
    assert recipe.name == name
    assert recipe.all_integer == (name != "int8-mixed" and not name.startswith("float"))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"scheme": "int4"},
            "--scheme: expected one of float32, float16, dynamic, int8, int16x8, int8-qat, got 'int4'",
        ),
        ({"target": "x86"}, "--target: expected one of litert, tflm, ethos-u, got 'x86'"),
        ({"ranges": "best"}, "--ranges: expected one of min-max, percentile, mse, got 'best'"),
        ({"prune": 1.0}, "--prune: expected a share above 0 and below 1, got 1.0"),
        ({"prune": float("nan")}, "--prune: expected a share above 0 and below 1, got nan"),
        ({"cluster": 1}, "--cluster: expected 2 to 256 values, got 1"),
        ({"prune": 0.5, "cluster": 8}, "--prune and --cluster: expected one of them, got both"),
        ({"scheme": "int8-qat", "prune": 0.5}, "--scheme int8-qat: expected neither --prune"),
        (
            {"scheme": "float32", "ranges": "percentile"},
            "--ranges: expected --scheme int8 with it, got --scheme float32",
        ),
        (
            {"scheme": "dynamic", "target": "tflm"},
            "--scheme: expected one of int8, int16x8, int8-qat for tflm, got dynamic",
        ),
        ({"keep": {"classes": "int4"}}, "--keep classes: expected int16 or float, got 'int4'"),
    ],
)
def test_what_means_nothing_is_refused(values, message):
    with pytest.raises(UsageError) as error:
        Recipe(**values)
    assert str(error.value).startswith(message)


def test_keep_is_parsed():
    assert parse_keep(["unit1/shrinkage=int16", "classes=float"]) == {"unit1/shrinkage": "int16", "classes": "float"}
    with pytest.raises(UsageError, match="--keep: expected LAYER=int16 or LAYER=float, got 'classes'"):
        parse_keep(["classes"])
    with pytest.raises(UsageError, match="--keep unit3: expected one precision, got int16 and float"):
        parse_keep(["unit3=int16", "unit3=float"])
