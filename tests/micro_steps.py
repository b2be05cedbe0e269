"""Run an int8 file with states in TFLite-Micro, in a process of its own: ``python micro_steps.py FILE INPUTS OUT``.

INPUTS is an array of steps [shape=(n, ...), int8], for the file's first input; the other inputs are states, which begin
at their zero points and go round. OUT gets the first outputs.
"""

import sys

import numpy as np
from tflite_micro.python.tflite_micro import runtime

interpreter = runtime.Interpreter.from_file(sys.argv[1], arena_size=2_000_000)
n = int(sys.argv[4])
states = []
for i in range(1, n + 1):
    details = interpreter.get_input_details(i)
    zero = int(details["quantization_parameters"]["zero_points"][0])
    states.append(np.full(details["shape"], zero, np.int8))
outputs = []
for x in np.load(sys.argv[2]):
    interpreter.set_input(x, 0)
    for i, state in enumerate(states, start=1):
        interpreter.set_input(state, i)
    interpreter.invoke()
    outputs.append(interpreter.get_output(0).copy())
    states = [interpreter.get_output(i).copy() for i in range(1, n + 1)]
np.save(sys.argv[3], np.stack(outputs))
