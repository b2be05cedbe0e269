"""Options of ``drsn-edge monitor`` that are wrong by themselves or together: exit code 2."""

import pytest

from drsn_keras.edge.cli import build_parser, main
from drsn_keras.machinery import KNOWN_BEARINGS


@pytest.mark.parametrize(
    "options",
    [
        ["--file"],
        [],
        ["--file", "a", "--rate", "0"],
        ["--file", "a", "--rpm", "nan"],
        ["--file", "a", "--full-scale", "-1"],
        ["--file", "a", "--unit", " "],
        ["--file", "a", "--file-unit", "A"],
        ["--file", "a", "--iso-group", "3"],
        ["--file", "a", "--foundation", "soft"],
        ["--file", "a", "--threads", "0"],
    ],
)
def test_wrong_options_are_usage_errors(options):
    with pytest.raises(SystemExit) as caught:
        main(["monitor", "bundle", *options])
    assert caught.value.code == 2


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--iso-group", "1"], "--iso-group: expected --foundation with it"),
        (["--foundation", "rigid"], "--foundation: expected --iso-group with it"),
        (["--bearing", "6999"], "--bearing: expected one of 6205-2RS"),
        (["--bearing", "9,8"], "--bearing: expected one of"),
        (["--bearing", "9,x,39"], "--bearing: expected one of"),
        (["--bearing", "9,50,39"], "element_diameter_mm: expected less than"),
    ],
)
def test_options_that_make_no_sense_exit_with_2(capsys, options, says):
    assert main(["monitor", "bundle", "--file", "a.wav", *options]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and says in err


def test_help_lists_every_known_bearing():
    text = " ".join(build_parser()._subparsers._group_actions[0].choices["monitor"].format_help().split())
    assert all(name in text for name in KNOWN_BEARINGS)
