"""The C++ files: the model as an array, the resolver, an example program."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from drsn_keras.model_card import TensorSpec

from .memory import Memory
from .model_file import Model

MARK = "Written by drsn-export tflm"
_A_LINE = 16
_PRINTABLE = frozenset(range(0x20, 0x7F)) - set(b'"\\?')


def header(name: str, model: Model, memory: Memory) -> str:
    """``model.h``: the array's declaration and every constant that a program needs."""
    how = "measured: the smallest with which TFLite-Micro starts on a PC" if memory.measured else "estimated"
    labels = []
    if model.labels:
        labels = [
            f"constexpr int {name}_label_count = {len(model.labels)};",
            f"constexpr const char* {name}_labels[] = {{",
            *(f"    {_quoted(label)}," for label in model.labels),
            "};",
        ]
    lines = [
        f"// {MARK}. Do not edit.",
        f"#ifndef {name.upper()}_H_",
        f"#define {name.upper()}_H_",
        "",
        "#include <cstddef>",
        "#include <cstdint>",
        "",
        "// The TFLite file, aligned to 16 bytes.",
        f"extern const unsigned char {name}_data[];",
        f"constexpr std::size_t {name}_data_bytes = {len(model.content)};",
        "",
        f"// Memory for TFLite-Micro, {how}; see README.md.",
        f"constexpr std::size_t {name}_arena_bytes = {memory.arena_bytes};",
        "",
        "// real = scale * (stored - zero_point)",
        *_end(f"{name}_input", model.input),
        *_end(f"{name}_output", model.output),
        *labels,
        "",
        f"#endif  // {name.upper()}_H_",
    ]
    return "\n".join(lines) + "\n"


def array(name: str, content: bytes) -> str:
    """``model.cc``: the file, byte for byte."""
    rows = [content[i : i + _A_LINE] for i in range(0, len(content), _A_LINE)]
    lines = [
        f"// {MARK}. Do not edit.",
        f'#include "{name}.h"',
        "",
        f"alignas(16) const unsigned char {name}_data[] = {{",
        *("    " + ", ".join(f"0x{byte:02x}" for byte in row) + "," for row in rows),
        "};",
    ]
    return "\n".join(lines) + "\n"


def resolver(name: str, methods: Sequence[str]) -> str:
    """``resolver.h``: room for the model's operators, and the calls that enter them."""
    lines = [
        f"// {MARK}. Do not edit.",
        f"#ifndef {name.upper()}_RESOLVER_H_",
        f"#define {name.upper()}_RESOLVER_H_",
        "",
        '#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"',
        "",
        f"using {name}_resolver = tflite::MicroMutableOpResolver<{len(methods)}>;",
        "",
        "// Exactly what the model needs: the linker leaves every other kernel out.",
        f"inline TfLiteStatus {name}_add_operators({name}_resolver& resolver) {{",
        *(f"  if (resolver.{method}() != kTfLiteOk) return kTfLiteError;" for method in methods),
        "  return kTfLiteOk;",
        "}",
        "",
        f"#endif  // {name.upper()}_RESOLVER_H_",
    ]
    return "\n".join(lines) + "\n"


def example(name: str, model: Model) -> str:
    """``main.cc``: set up, one evaluation of an input of zeros, the answer."""
    source, sink = (_member(spec) for spec in (model.input, model.output))
    answer = f'"%s: %d", {name}_labels[best]' if model.labels else '"output %d: %d", best'
    return f"""\
// {MARK}: an example to start from.
#include <cstdint>

#include "{name}.h"
#include "resolver.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_log.h"
#include "tensorflow/lite/micro/system_setup.h"
#include "tensorflow/lite/schema/schema_generated.h"

alignas(16) static std::uint8_t arena[{name}_arena_bytes];

int main() {{
  tflite::InitializeTarget();
  const tflite::Model* model = tflite::GetModel({name}_data);
  if (model->version() != TFLITE_SCHEMA_VERSION) {{
    MicroPrintf("schema: expected %d", TFLITE_SCHEMA_VERSION);
    return 1;
  }}
  static {name}_resolver resolver;
  if ({name}_add_operators(resolver) != kTfLiteOk) return 1;
  static tflite::MicroInterpreter interpreter(model, resolver, arena, {name}_arena_bytes);
  if (interpreter.AllocateTensors() != kTfLiteOk) {{
    MicroPrintf("an arena of %d bytes is too small", static_cast<int>({name}_arena_bytes));
    return 1;
  }}
  MicroPrintf("arena: %d bytes used", static_cast<int>(interpreter.arena_used_bytes()));

  // Put your features here: stored = round(real / {name}_input_scale) + {name}_input_zero_point, within the type.
  {_ctype(model.input)}* input = interpreter.input(0)->data.{source};
  for (int i = 0; i < {name}_input_size; ++i) {{
    input[i] = static_cast<{_ctype(model.input)}>({name}_input_zero_point);
  }}
  if (interpreter.Invoke() != kTfLiteOk) return 1;

  const {_ctype(model.output)}* output = interpreter.output(0)->data.{sink};
  int best = 0;
  for (int i = 1; i < {name}_output_size; ++i) {{
    if (output[i] > output[best]) best = i;
  }}
  MicroPrintf({answer}, static_cast<int>(output[best]));
  return 0;
}}
"""


def _end(name: str, spec: TensorSpec) -> list[str]:
    shape = spec.shape or (1,)
    return [
        f"constexpr int {name}_shape[] = {{{', '.join(map(str, shape))}}};",
        f"constexpr int {name}_size = {int(np.prod(shape))};",
        f"constexpr float {name}_scale = {np.float32(spec.scale)!s}f;",
        f"constexpr int {name}_zero_point = {spec.zero_point};",
    ]


def _member(spec: TensorSpec) -> str:
    """Of the union in a TfLiteTensor."""
    return {"int8": "int8", "int16": "i16"}[spec.dtype]


def _ctype(spec: TensorSpec) -> str:
    return f"std::{spec.dtype}_t"


def _quoted(text: str) -> str:
    """A C string of any text: in octal what is not plain, so that no trigraph and no longer escape can arise."""
    return '"' + "".join(chr(b) if b in _PRINTABLE else f"\\{b:03o}" for b in text.encode("utf-8", "replace")) + '"'
