"""Inputs and outputs of a flatbuffer in the order of the model: the converter shuffles them."""

from __future__ import annotations

import re

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

_IDENTIFIER = b"TFL3"


def ends_in_order(content: bytes) -> bytes:
    """Sort the inputs by the numbers in their names and the outputs by the signature's.

    Parameters
    ----------
    content : bytes
        A file of :func:`~drsn_keras.export.tflite.to_tflite` with one signature, whose inputs are named ``input_000``,
        ``input_001`` ... and whose outputs ``output_0``, ``output_1`` ...

    Returns
    -------
    bytes
    """
    model = schema.ModelT.InitFromPackedBuf(bytearray(content), 0)
    (graph,), (signature,) = model.subgraphs, model.signatureDefs
    for end, maps in (("inputs", signature.inputs), ("outputs", signature.outputs)):
        numbers = {one.tensorIndex: int(re.search(rb"(\d+)$", one.name).group(1)) for one in maps}
        setattr(graph, end, sorted(numbers, key=numbers.get))
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), _IDENTIFIER)
    return bytes(builder.Output())
