"""Latency on the kernels of a CPU without AMX, where this one has it: ``python latency_without_amx.py FOLDER ROUNDS``.

XNNPACK asks Linux for AMX's tile registers and takes its AVX kernels where it is refused; a filter refuses here. No
gateway and no Raspberry Pi has AMX, and its tiles of 16 x 64 suit maps of 24 channels badly. A process of its own: the
filter stays until it ends. Prints JSON: ``{name: [ratio of the first to this, median us]}`` for NAME.tflite in FOLDER,
in alphabetical order.
"""

import ctypes
import json
import struct
import sys
from pathlib import Path

from drsn_keras.export.benchmarking.latency import measure, ratio

_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _MODE_FILTER = 22, 38, 2
_ARCH_PRCTL, _ARCH_REQ_XCOMP_PERM = 158, 0x1023
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_DENY, _ALLOW = 0x00050001, 0x7FFF0000
#: Classic BPF over struct seccomp_data: the call's number is at 0, its first argument at 16. (code, jt, jf, k)
_FILTER = (
    (_LOAD, 0, 0, 0),
    (_JUMP_IF_EQUAL, 0, 3, _ARCH_PRCTL),
    (_LOAD, 0, 0, 16),
    (_JUMP_IF_EQUAL, 0, 1, _ARCH_REQ_XCOMP_PERM),
    (_RETURN, 0, 0, _DENY),
    (_RETURN, 0, 0, _ALLOW),
)


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def deny_amx() -> bool:
    """Refuse AMX to this process from now on; False where the system does not let us."""
    libc = ctypes.CDLL(None)
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in _FILTER))
    program = _Program(len(_FILTER), ctypes.addressof(code))
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    return libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0) == 0


if __name__ == "__main__":
    if not deny_amx():
        sys.exit("the system does not let a process filter its calls")
    times = measure({p.stem: p for p in sorted(Path(sys.argv[1]).glob("*.tflite"))}, rounds=int(sys.argv[2]))
    first = next(iter(times.values()))
    print(json.dumps({name: [round(ratio(first, t), 3), round(t.median_us, 2)] for name, t in times.items()}))
