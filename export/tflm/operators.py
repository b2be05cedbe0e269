"""Operators that TFLite-Micro has, and what its resolver calls them."""

from __future__ import annotations

from collections.abc import Iterable

_NAMES = """
    ABS ADD ADD_N ARG_MAX ARG_MIN ASSIGN_VARIABLE AVERAGE_POOL_2D BATCH_MATMUL BATCH_TO_SPACE_ND BROADCAST_ARGS
    BROADCAST_TO CALL_ONCE CAST CEIL CONCATENATION CONV_2D COS CUMSUM DEPTH_TO_SPACE DEPTHWISE_CONV_2D DEQUANTIZE DIV
    DYNAMIC_UPDATE_SLICE ELU EMBEDDING_LOOKUP EQUAL EXP EXPAND_DIMS FILL FLOOR FLOOR_DIV FLOOR_MOD FULLY_CONNECTED
    GATHER GATHER_ND GREATER GREATER_EQUAL HARD_SWISH IF L2_NORMALIZATION L2_POOL_2D LEAKY_RELU LESS LESS_EQUAL LOG
    LOG_SOFTMAX LOGICAL_AND LOGICAL_NOT LOGICAL_OR LOGISTIC MAX_POOL_2D MAXIMUM MEAN MINIMUM MIRROR_PAD MUL NEG
    NOT_EQUAL PACK PAD PADV2 PRELU QUANTIZE READ_VARIABLE REDUCE_ALL REDUCE_MAX REDUCE_MIN RELU RELU6 RESHAPE
    RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR REVERSE_V2 ROUND RSQRT SELECT_V2 SHAPE SIN SLICE SOFTMAX SPACE_TO_BATCH_ND
    SPACE_TO_DEPTH SPLIT SPLIT_V SQRT SQUARE SQUARED_DIFFERENCE SQUEEZE STRIDED_SLICE SUB SUM SVDF TANH TRANSPOSE
    TRANSPOSE_CONV UNIDIRECTIONAL_SEQUENCE_LSTM UNPACK VAR_HANDLE WHILE ZEROS_LIKE
"""
#: Built-in operators with a method in ``MicroMutableOpResolver``, by the names of TensorFlow Lite's schema.
OPERATORS = frozenset(_NAMES.split())
#: Words that the method spells in its own way.
_WORDS = {"2D": "2D", "LSTM": "LSTM", "MATMUL": "MatMul", "CUMSUM": "CumSum", "PADV2": "PadV2"}


def method(operator: str) -> str:
    """The resolver's method for an operator.

    Examples
    --------
    >>> method("DEPTHWISE_CONV_2D"), method("LEAKY_RELU"), method("PADV2")
    ('AddDepthwiseConv2D', 'AddLeakyRelu', 'AddPadV2')
    """
    return "Add" + "".join(_WORDS.get(word, word.capitalize()) for word in operator.split("_"))


def unknown(operators: Iterable[str]) -> list[str]:
    """Those that TFLite-Micro does not have, sorted; operators of somebody's own among them."""
    return sorted(set(operators) - OPERATORS)
