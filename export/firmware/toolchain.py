"""Compile for the emulated boards of edge/firmware/boards, run there, measure sizes. Needs compilers and QEMU only."""

from __future__ import annotations

import dataclasses
import functools
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

import drsn_keras.edge
from drsn_keras.errors import CheckFailed, DrsnError, UsageError, mismatch

FIRMWARE = Path(drsn_keras.edge.__file__).parent / "firmware"
BOARDS = FIRMWARE / "boards"

#: What all C of this project compiles under.
WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror")

_COMMON = ("-std=c99", "-ffunction-sections", "-fdata-sections")
#: One instruction a nanosecond: instruction counts, and with them all output, are the same at every run.
_QEMU = ("-nographic", "-monitor", "none", "-serial", "none", "-icount", "shift=0")
_FLASH = (".text", ".rodata", ".ARM.exidx", ".data")
_RAM = (".data", ".bss")
_FROM_MAP = re.compile(r"^ (\.\S+)\s+0x[0-9a-f]+\s+0x([0-9a-f]+) (\S+\.o\)?)$", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Core:
    """A processor to build for, and what builds and runs its programs.

    Attributes
    ----------
    name : str
    compiler, flags : str, tuple of str
        The compiler and what makes it compile for this core.
    linker, link_flags : str, tuple of str
        The compiler driver that links, and what only it is given.
    emulator : tuple of str
        The command up to the machine; empty on the host.
    board : str
        Folder of edge/firmware/boards; empty on the host.
    board_sources : tuple of str
        Files of edge/firmware/boards.
    tools : str
        Prefix of ``size`` and ``nm``.
    packages : tuple of (str, str)
        Each command, or library file of the linker, and the Debian package that has it.
    """

    name: str
    compiler: str
    flags: tuple[str, ...]
    linker: str
    link_flags: tuple[str, ...]
    emulator: tuple[str, ...]
    board: str
    board_sources: tuple[str, ...]
    tools: str
    packages: tuple[tuple[str, str], ...]


def _cortex_m(name: str, machine: str, *flags: str) -> Core:
    return Core(
        name=name,
        compiler="arm-none-eabi-gcc",
        flags=("-mthumb", *flags),
        linker="arm-none-eabi-gcc",
        link_flags=("-mthumb", *flags, "-nostartfiles"),
        emulator=("qemu-system-arm", "-M", machine),
        board=name,
        board_sources=("cortex_m.c", "start.c", "semihosting.c"),
        tools="arm-none-eabi-",
        packages=(
            ("arm-none-eabi-gcc", "gcc-arm-none-eabi"),
            ("libc.a", "libnewlib-arm-none-eabi"),
            ("qemu-system-arm", "qemu-system-arm"),
        ),
    )


_M55 = _cortex_m("m55", "mps3-an547", "-mcpu=cortex-m55", "-mfloat-abi=hard")
_RISCV = ("-march=rv32imac", "-mabi=ilp32", "--specs=picolibc.specs")

#: All cores by name. m55-clang: the same board, compiled by clang, which vectorises for MVE by itself.
CORES = {
    core.name: core
    for core in (
        _cortex_m("m4", "mps2-an386", "-mcpu=cortex-m4", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"),
        _cortex_m("m7", "mps2-an500", "-mcpu=cortex-m7", "-mfloat-abi=hard", "-mfpu=fpv5-sp-d16"),
        _M55,
        dataclasses.replace(
            _M55,
            name="m55-clang",
            compiler="clang-16",
            flags=("--target=thumbv8.1m.main-none-eabihf", "-mcpu=cortex-m55", "-mfloat-abi=hard"),
            packages=(("clang-16", "clang-16"), *_M55.packages),
        ),
        Core(
            name="rv32",
            compiler="riscv64-unknown-elf-gcc",
            flags=_RISCV,
            linker="riscv64-unknown-elf-gcc",
            link_flags=(*_RISCV, "-nostartfiles"),
            emulator=("qemu-system-riscv32", "-M", "virt", "-bios", "none"),
            board="rv32",
            board_sources=("riscv.c", "start.c", "semihosting.c", "memory.c"),
            tools="riscv64-unknown-elf-",
            packages=(
                ("riscv64-unknown-elf-gcc", "gcc-riscv64-unknown-elf"),
                ("picolibc.specs", "picolibc-riscv64-unknown-elf"),
                ("qemu-system-riscv32", "qemu-system-misc"),
            ),
        ),
        Core("host", "cc", (), "cc", (), (), "", ("board_host.c",), "", (("cc", "gcc"), ("size", "binutils"))),
    )
}


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a program wrote to standard output, and its exit code."""

    stdout: str
    exit_code: int


@dataclasses.dataclass(frozen=True)
class Sizes:
    """What a program occupies [bytes].

    Attributes
    ----------
    flash : int
        Code, constants and the initial values of variables, start-up code included.
    ram : int
        Variables; neither the stack nor the emulation's own buffers.
    sections : dict of str to int
    objects : dict of str to (int, int)
        Flash and RAM by object file (``conv.o``; those of libraries as ``libc.a(memset.o)``); empty on the host.
    """

    flash: int
    ram: int
    sections: dict[str, int]
    objects: dict[str, tuple[int, int]]


def find(core: Core) -> list[str]:
    """The Debian packages that are missing to build for a core and run there."""
    absent = []
    for name, package in core.packages:
        if "." not in name:
            there = shutil.which(name) is not None
        else:
            there = shutil.which(core.linker) is not None and Path(_file_of_linker(core.linker, name)).is_absolute()
        if not there:
            absent.append(package)
    return absent


def require(core: Core) -> None:
    """Raise :class:`DrsnError`, with the line that installs what is missing, unless all is there."""
    if packages := find(core):
        raise DrsnError(
            f"{core.name}: no toolchain; on Debian: apt-get install --no-install-recommends {' '.join(packages)}"
        )


def build(
    core: Core,
    sources: Sequence[Path],
    include_dirs: Iterable[Path],
    out_elf: Path,
    defines: Iterable[str] = (),
    optimisation: str = "-O2",
    extra: Iterable[str] = (),
) -> Path:
    """Compile C files and link them with the board's.

    Objects come to lie in ``NAME.objects`` beside the program, the linker's map in ``NAME.map``.

    Parameters
    ----------
    core : Core
    sources : sequence of Path
        With ``int main(int argc, char **argv)`` among them, and no two of one name.
    include_dirs : iterable of Path
    out_elf : Path
    defines : iterable of str
        ``NAME`` or ``NAME=VALUE``.
    optimisation : str
    extra : iterable of str
        More flags for the compiler, for instance :data:`WARNINGS`; ``-Wl,`` ones go to the linker.

    Returns
    -------
    Path
        ``out_elf``.

    Raises
    ------
    DrsnError
        If a tool is missing or a file does not compile or link, with the compiler's first complaint.
    """
    require(core)
    out_elf = Path(out_elf)
    folder = out_elf.with_suffix(".objects")
    folder.mkdir(parents=True, exist_ok=True)
    extra = list(extra)
    for_linker = [flag for flag in extra if flag.startswith("-Wl,")]
    includes = [BOARDS, *([BOARDS / core.board] if core.board else []), *include_dirs]
    command = [core.compiler, *core.flags, *_COMMON, optimisation, *(f"-I{path}" for path in includes)]
    command += [f"-isystem{path}" for path in _system_includes(core)]
    command += [*(f"-D{define}" for define in defines), *(flag for flag in extra if flag not in for_linker)]
    objects: list[Path] = []
    for source in [*map(Path, sources), *(BOARDS / name for name in core.board_sources)]:
        target = folder / f"{source.stem}.o"
        if target in objects:
            raise DrsnError(mismatch(source, "no other source of its name", "two"))
        _call([*command, "-c", str(source), "-o", str(target)], source)
        objects.append(target)
    link = [core.linker, *core.link_flags, *(flag for flag in extra if flag.startswith("-fsanitize"))]
    if core.board:
        link += [f"-L{BOARDS}", f"-T{BOARDS / core.board / 'link.ld'}", f"-Wl,-Map={out_elf.with_suffix('.map')}"]
    _call([*link, "-Wl,--gc-sections", *for_linker, *map(str, objects), "-o", str(out_elf)], out_elf)
    return out_elf


def run(
    core: Core, elf: Path, arguments: Sequence[str] = (), timeout_s: float = 60.0, cwd: Path | None = None
) -> Outcome:
    """Run a program, in the emulator unless it is the host's.

    Parameters
    ----------
    core : Core
    elf : Path
    arguments : sequence of str
        Without blanks: semihosting joins them by blanks. Paths are relative to ``cwd``.
    timeout_s : float
        After that it is killed.
    cwd : Path, optional

    Raises
    ------
    DrsnError
        If the emulator is missing, or the program could not be started.
    CheckFailed
        If it did not end in time.
    """
    elf = Path(elf).resolve()
    command = [str(elf), *arguments]
    if core.emulator:
        require(core)
        for argument in arguments:
            if not argument or re.search(r"\s", argument):
                raise UsageError(mismatch("argument of an emulated program", "text without blanks", repr(argument)))
        words = "".join(f",arg={word.replace(',', ',,')}" for word in ("program", *arguments))
        command = [*core.emulator, *_QEMU]
        command += ["-semihosting-config", f"enable=on,target=native{words}", "-kernel", str(elf)]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout_s, cwd=cwd, check=False
        )
    except subprocess.TimeoutExpired:
        raise CheckFailed(mismatch(f"{elf} on {core.name}", f"an end within {timeout_s:g} s", "none")) from None
    except OSError as error:
        raise DrsnError(f"{elf}: {error.strerror or error}") from None
    if complaint := done.stderr.decode(errors="replace").strip():
        # QEMU's: the program itself writes to standard output.
        raise DrsnError(f"{elf} on {core.name}: {complaint.splitlines()[0]}")
    return Outcome(done.stdout.decode(errors="replace"), done.returncode)


def sizes(core: Core, elf: Path) -> Sizes:
    """Flash and RAM of a program that :func:`build` made."""
    lines = _call([f"{core.tools}size", "-A", str(elf)], elf).splitlines()
    rows = [line.split() for line in lines if re.match(r"^\.\S+\s+\d+\s+\d+$", line)]
    sections = {name: int(size) for name, size, _ in rows}
    objects: dict[str, tuple[int, int]] = {}
    map_file = Path(elf).with_suffix(".map")
    if map_file.is_file():
        # Long section names stand on a line of their own; what was thrown away stands before the memory map.
        text = re.sub(r"\n( \.\S+)\n\s+", r"\n\1 ", map_file.read_text().partition("Linker script and memory map")[2])
        for section, size, name in _FROM_MAP.findall(text):
            flash, ram = objects.get(Path(name).name, (0, 0))
            flash += int(size, 16) * section.startswith((".text", ".rodata", ".srodata", ".vectors", ".data", ".sdata"))
            ram += int(size, 16) * section.startswith((".data", ".sdata", ".bss", ".sbss"))
            objects[Path(name).name] = (flash, ram)
    return Sizes(
        flash=sum(sections.get(name, 0) for name in _FLASH),
        ram=sum(sections.get(name, 0) for name in _RAM),
        sections=sections,
        objects={name: both for name, both in objects.items() if any(both)},
    )


def symbols(core: Core, elf: Path) -> dict[str, int]:
    """Functions and objects of a program with their sizes [bytes], the largest first."""
    lines = _call([f"{core.tools}nm", "-S", "--size-sort", "--reverse-sort", str(elf)], elf).splitlines()
    return {row[3]: int(row[1], 16) for row in (line.split() for line in lines) if len(row) == 4}


def _call(command: list[str], what: Path) -> str:
    """Standard output of a tool; its first complaint as a DrsnError if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        complaints = [line for line in lines if re.search(r"error:|undefined|will not fit|overflowed|cannot", line)]
        raise DrsnError(f"{what}: {os.path.basename(command[0])}: {(complaints or lines)[0]}")  # noqa: PTH119
    return done.stdout


@functools.cache
def _file_of_linker(linker: str, name: str) -> str:
    """Where a compiler driver finds one of its files; the bare name if nowhere."""
    return subprocess.run(
        [linker, f"-print-file-name={name}"], capture_output=True, text=True, check=True
    ).stdout.strip()


def _system_includes(core: Core) -> list[Path]:
    """Headers of the C library, for a compiler that does not know where its linker has them."""
    if core.compiler == core.linker:
        return []
    return [_c_library_headers(core.linker)]


@functools.cache
def _c_library_headers(linker: str) -> Path:
    """The first folder of the driver's own search path that has string.h."""
    done = subprocess.run([linker, "-xc", "-E", "-v", os.devnull], capture_output=True, text=True, check=True)
    found = [Path(line.strip()) for line in done.stderr.splitlines() if line.startswith(" /")]
    for folder in found:
        if (folder / "string.h").is_file():
            return folder.resolve()
    raise DrsnError(mismatch(linker, "a C library with string.h", "none"))
