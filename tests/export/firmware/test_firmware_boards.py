"""Every board, emulated: start-up, files, arguments, instruction counter, stack paint, faults, sizes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from drsn_keras.errors import CheckFailed, DrsnError, UsageError
from drsn_keras.export.firmware.toolchain import CORES, WARNINGS, build, find, require, run, sizes, symbols

PROGRAM = Path(__file__).parent / "board_check.c"
EMULATED = [name for name in CORES if name != "host"]


@pytest.fixture(scope="module", params=list(CORES))
def core(request):
    """Each core whose tools are there."""
    core = CORES[request.param]
    if packages := find(core):
        pytest.skip(f"{core.name}: apt-get install {' '.join(packages)}")
    return core


@pytest.fixture(scope="module")
def elf(core, tmp_path_factory):
    """The test program, compiled without a warning; 8 KiB of stack on the boards."""
    link = ["-Wl,--defsym=_stack_bytes=8192"] if core.board else []
    path = tmp_path_factory.mktemp(core.name) / "check.elf"
    return build(core, [PROGRAM], [], path, extra=[*WARNINGS, *link])


@pytest.fixture
def host():
    """The host, if it has a compiler."""
    if packages := find(CORES["host"]):
        pytest.skip(f"apt-get install {' '.join(packages)}")
    return CORES["host"]


def _numbers(outcome):
    lines = (line.rsplit(" ", 1) for line in outcome.stdout.splitlines() if " " in line)
    return {name: int(value) for name, value in lines}


def test_start_arguments_and_exit_code(core, elf):
    outcome = run(core, elf, ["basic", "two,commas,", "x" * 200])
    assert outcome.exit_code == 7
    assert outcome.stdout.splitlines()[:3] == ["basic", "two,commas,", "x" * 200]
    assert _numbers(outcome) == {"lowest": -(2**63), "memory": 41}
    assert run(core, elf).exit_code == 2


def test_files(core, elf, tmp_path):
    content = bytes(range(256)) * 5 + b"end"
    (tmp_path / "in").write_bytes(content)
    outcome = run(core, elf, ["files", "in", "out"], cwd=tmp_path)
    assert _numbers(outcome) == {"opened": 1, "copied": len(content), "absent": 1}
    assert (tmp_path / "out").read_bytes() == content


def test_memory_functions_at_every_alignment(core, elf):
    assert _numbers(run(core, elf, ["memory"])) == {"wrong": 0}


def test_instructions_are_counted_beyond_the_timer_and_the_same_at_every_run(core, elf):
    outcome = run(core, elf, ["count"])
    counted = _numbers(outcome)
    if core.name == "host":
        assert counted == {"least": 0, "most": 0, "all": 0}
        return
    # 30 million a step, and what reading the counter takes; 720 million are more than 2^24 ticks.
    assert 30_000_000 <= counted["least"] <= counted["most"] <= 30_000_200
    assert counted["all"] == pytest.approx(24 * 30_000_000, abs=24 * 100)
    assert run(core, elf, ["count"]) == outcome


def test_stack_high_water(core, elf):
    measured = _numbers(run(core, elf, ["stack"]))
    assert measured["sum"] == 55 + 1
    if core.name == "host":
        assert measured["deep"] == 0
        return
    assert measured["shallow"] <= 128
    assert 11 * 256 <= measured["deep"] <= 11 * 400
    assert measured["again"] <= 128


def test_stack_overflow_is_a_fault(core, elf):
    if core.name == "host":
        pytest.skip("the host's stack is the operating system's affair")
    outcome = run(core, elf, ["overflow"])
    assert (outcome.exit_code, outcome.stdout) == (120, "overflow\nfault\n")


def test_what_does_not_end_is_killed(core, elf):
    with pytest.raises(CheckFailed, match=rf"on {core.name}: expected an end within 0.5 s, got none"):
        run(core, elf, ["wait"], timeout_s=0.5)


def test_sizes_and_symbols(core, elf):
    measured = sizes(core, elf)
    names = symbols(core, elf)
    # The program's variables: 4 bytes with an initial value, 4 and 96 cleared ones.
    assert (names["initialised"], names["cleared"], names["place"]) == (4, 4, 96)
    if core.name == "host":
        return
    assert measured.flash == sum(measured.sections.get(name, 0) for name in (".text", ".rodata", ".ARM.exidx", ".data"))
    assert 500 < measured.flash < 9000
    assert measured.ram == measured.sections[".data"] + measured.sections[".bss"] == 104
    assert measured.sections["._stack"] == 8192
    assert measured.objects["board_check.o"][1] == 104
    assert "semihosting.o" in measured.objects
    # All but padding is in the map.
    assert sum(flash for flash, _ in measured.objects.values()) == pytest.approx(measured.flash, abs=128)


@pytest.mark.parametrize("name", EMULATED)
def test_missing_tools_are_named_with_their_packages(name, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    core = CORES[name]
    assert find(core) == [package for _, package in core.packages]
    with pytest.raises(DrsnError, match=r"no toolchain; on Debian: apt-get install .*qemu-system-\w+$"):
        build(core, [PROGRAM], [], tmp_path / "check.elf")


def test_a_missing_library_is_named(host):
    require(host)
    without = dataclasses.replace(host, packages=(("cc", "gcc"), ("no-such-file.a", "some-package")))
    assert find(without) == ["some-package"]


def test_the_first_error_of_the_compiler_is_reported_in_one_line(host, tmp_path):
    bad = tmp_path / "bad.c"
    bad.write_text("int main(void) { return nothing; }\n")
    with pytest.raises(DrsnError, match=r"bad\.c: cc: .*error.*nothing") as caught:
        build(host, [bad], [], tmp_path / "bad")
    assert "\n" not in str(caught.value)


def test_two_sources_of_one_name(host, tmp_path):
    with pytest.raises(DrsnError, match=r"board_check\.c: expected no other source of its name, got two"):
        build(host, [PROGRAM, PROGRAM], [], tmp_path / "check")


def test_arguments_with_blanks_are_refused(tmp_path):
    core = CORES["m4"]
    if find(core):
        pytest.skip("no toolchain")
    with pytest.raises(UsageError, match="expected text without blanks, got 'a b'"):
        run(core, tmp_path / "any.elf", ["a b"])


def test_undefined_behaviour_on_the_host_is_an_error(host, tmp_path):
    bad = tmp_path / "bad.c"
    bad.write_text("int main(int argc, char **argv) { (void)argv; return (argc << 31 << 1) & 0; }\n")
    elf = build(host, [bad], [], tmp_path / "bad", extra=["-fsanitize=undefined"])
    with pytest.raises(DrsnError, match="runtime error"):
        run(host, elf)
