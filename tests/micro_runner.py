"""Run int8 files in TFLite-Micro, in a process of its own: an arena that is too small has crashed Python.

``python micro_runner.py FOLDER``: for every NAME.tflite there, runs the inputs of NAME.npy [shape=(n, ...), int8] and
writes NAME.micro.npy.
"""

import sys
from pathlib import Path

import numpy as np
from tflite_micro.python.tflite_micro import runtime

for path in sorted(Path(sys.argv[1]).glob("*.tflite")):
    interpreter = runtime.Interpreter.from_bytes(path.read_bytes(), arena_size=1_000_000)
    outputs = []
    for x in np.load(path.with_suffix(".npy")):
        interpreter.set_input(x, 0)
        interpreter.invoke()
        outputs.append(interpreter.get_output(0).copy())
    np.save(path.with_suffix(".micro.npy"), np.stack(outputs))
