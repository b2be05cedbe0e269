"""Run int8 files of one operator in TFLite-Micro, in a process of its own: what it refuses, it aborts on.

``python micro_operators.py FOLDER``: for every NAME.tflite there, feeds the rows of NAME.npz (arrays 0, 1 ...
[shape=(n, ...), int8], one an input) and writes NAME.npy.
"""

import sys
from pathlib import Path

import numpy as np
from tflite_micro.python.tflite_micro import runtime

for path in sorted(Path(sys.argv[1]).glob("*.tflite")):
    interpreter = runtime.Interpreter.from_bytes(path.read_bytes(), arena_size=1_000_000)
    inputs = np.load(path.with_suffix(".npz"))
    outputs = []
    for row in zip(*(inputs[name] for name in sorted(inputs.files)), strict=True):
        for index, x in enumerate(row):
            interpreter.set_input(x, index)
        interpreter.invoke()
        outputs.append(interpreter.get_output(0).copy())
    np.save(path.with_suffix(".npy"), np.stack(outputs))
