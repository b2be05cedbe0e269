"""Random int8 networks of odd structure: what no converter makes and what it might make some day.

Every one that TFLite-Micro runs must give C of the same answers, or be refused in one line.
"""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from graph_file import Graph, Map

#: Largest map.
_LARGEST = 3000
_ACTIVATIONS = schema.ActivationFunctionType
_SAME, _VALID = schema.Padding.SAME, schema.Padding.VALID


def random_graph(rng: np.random.Generator, n_operators: int) -> bytes:
    """A .tflite file of about that many operators, with one input and one output."""
    g = Graph(rng)
    rank = rng.choice([2, 3, 4, 4, 4, 4])
    sides = {2: (), 3: (rng.integers(1, 40),), 4: (rng.integers(1, 20), rng.choice([1, rng.integers(1, 14)]))}[rank]
    shape = (1, *map(int, sides), int(rng.choice([1, 2, 3, 4, 5, 7, 8, 12, 16, 17])))
    scale = float(np.float32(rng.uniform(0.005, 0.2)))
    g.maps.append(g.map(shape, scale, g.zero(), 74 * scale))
    makers = list(_MAKERS)
    weights = np.array([_MAKERS[m] for m in makers], float)
    tries = 0
    while len(g.operators) < n_operators and tries < 20 * n_operators:
        tries += 1
        recent = min(len(g.maps), 1 + int(rng.exponential(1.2)))
        x = g.maps[-recent] if rng.random() < 0.9 else g.maps[int(rng.integers(len(g.maps)))]
        rng.choice(makers, p=weights / weights.sum())(g, x)
    if not g.operators:
        _unary(g, g.maps[0])
    plain = [m for m in g.maps[1:] if m.index not in _aliases(g)]
    return g.content(g.maps[-1] if rng.random() < 0.8 or not plain else plain[int(rng.integers(len(plain)))])


def _aliases(g: Graph) -> set[int]:
    reshape = g.codes.get("RESHAPE")
    return {op.outputs[0] for op in g.operators if op.opcodeIndex == reshape}


def _activation(g: Graph) -> int:
    kinds = (_ACTIVATIONS.NONE, _ACTIVATIONS.RELU, _ACTIVATIONS.RELU6, _ACTIVATIONS.RELU_N1_TO_1)
    return int(g.rng.choice(kinds, p=[0.55, 0.25, 0.15, 0.05]))


def _weights(g: Graph, shape: tuple[int, ...], channels: int, axis: int) -> tuple[np.ndarray, list[float]]:
    values = np.clip(g.rng.normal(0, 50, shape), -127, 127).round().astype(np.int8)
    count = channels if g.rng.random() < 0.7 else 1
    scales = (g.rng.uniform(0.001, 0.01) * g.rng.uniform(0.4, 1.6, count)).astype(np.float32)
    if g.rng.random() < 0.15:
        # A dead channel.
        index = [slice(None)] * len(shape)
        index[axis] = int(g.rng.integers(channels))
        values[tuple(index)] = 0
        if count > 1:
            scales[index[axis]] = np.float32(1e-9) if g.rng.random() < 0.5 else scales[index[axis]]
    return values, [float(s) for s in scales]


def _bias(g: Graph, x: Map, scales: list[float], channels: int, rms: float) -> list[int]:
    """Index of a bias, or none."""
    if g.rng.random() < 0.1:
        return []
    products = np.broadcast_to(np.array(scales) * x.scale, channels)
    size = rms * (20 if g.rng.random() < 0.05 else 0.7)
    values = np.clip(g.rng.normal(0, size, channels) / products, -(2**28), 2**28).round().astype(np.int32)
    return [g.constant(values, [float(np.float32(s * x.scale)) for s in scales], [0] * len(scales))]


def _window(g: Graph, shape: tuple[int, ...], dilate: bool) -> dict | None:
    """Kernel, stride, dilation, padding and output sides that fit a map."""
    rng = g.rng
    kernel = [int(min(rng.choice([1, 1, 2, 3, 3, 4, 5, 8]), 2 * side + 1)) for side in shape[1:3]]
    stride = [int(rng.choice([1, 1, 1, 2, 2, 3, 5])) for _ in range(2)]
    dilation = [int(rng.choice([1, 1, 2, 3])) if dilate and rng.random() < 0.3 else 1 for _ in range(2)]
    same = rng.random() < 0.6
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    if same:
        sides = [-(-n // s) for n, s in zip(shape[1:3], stride, strict=True)]
    else:
        sides = [(n - r) // s + 1 for n, r, s in zip(shape[1:3], reach, stride, strict=True)]
    if min(sides) < 1:
        return None
    return {"kernel": kernel, "stride": stride, "dilation": dilation, "same": same, "sides": sides}


def _filter_settings(w: dict, activation: int) -> dict:
    return {
        "padding": _SAME if w["same"] else _VALID,
        "strideH": w["stride"][0],
        "strideW": w["stride"][1],
        "fusedActivationFunction": activation,
    }


def _conv(g: Graph, x: Map) -> None:
    if len(x.shape) != 4 or (w := _window(g, x.shape, True)) is None:
        return
    channels = int(g.rng.choice([1, 2, 3, 4, 5, 8, 9, 16]))
    if np.prod(w["sides"]) * channels > _LARGEST:
        return
    values, scales = _weights(g, (channels, *w["kernel"], x.shape[3]), channels, 0)
    rms = x.rms * 50 * float(np.mean(scales)) * np.sqrt(values[0].size)
    settings = _filter_settings(w, _activation(g))
    settings |= {"dilationHFactor": w["dilation"][0], "dilationWFactor": w["dilation"][1]}
    y = g.map((1, *w["sides"], channels), g.scale(rms), g.zero(), rms)
    kernel = g.constant(values, scales, [0] * len(scales), 0)
    g.operator("CONV_2D", "Conv2DOptions", settings, [x.index, kernel, *_bias(g, x, scales, channels, rms)], y)


def _depthwise(g: Graph, x: Map) -> None:
    if len(x.shape) != 4 or (w := _window(g, x.shape, True)) is None:
        return
    if g.rng.random() < 0.3:
        w |= {"kernel": [1, 1], "stride": [1, 1], "dilation": [1, 1], "same": True, "sides": list(x.shape[1:3])}
    multiplier = int(g.rng.choice([1, 1, 1, 2, 3]))
    channels = x.shape[3] * multiplier
    if np.prod(w["sides"]) * channels > _LARGEST:
        return
    values, scales = _weights(g, (1, *w["kernel"], channels), channels, 3)
    rms = x.rms * 50 * float(np.mean(scales)) * np.sqrt(np.prod(w["kernel"]))
    settings = _filter_settings(w, _activation(g)) | {"depthMultiplier": multiplier}
    settings |= {"dilationHFactor": w["dilation"][0], "dilationWFactor": w["dilation"][1]}
    y = g.map((1, *w["sides"], channels), g.scale(rms), g.zero(), rms)
    kernel = g.constant(values, scales, [0] * len(scales), 3)
    inputs = [x.index, kernel, *_bias(g, x, scales, channels, rms)]
    if len(inputs) == 2:
        inputs.append(g.constant(np.zeros(channels, np.int32), [float(np.float32(x.scale * s)) for s in scales], [0]))
    g.operator("DEPTHWISE_CONV_2D", "DepthwiseConv2DOptions", settings, inputs, y)


def _dense(g: Graph, x: Map) -> None:
    flat = g.rng.random() < 0.4
    inputs = int(np.prod(x.shape)) if flat else x.shape[-1]
    if inputs > 600:
        return
    outputs = int(g.rng.choice([1, 2, 3, 5, 8, 10, 16]))
    shape = (1, outputs) if flat else (*x.shape[:-1], outputs)
    if np.prod(shape) > _LARGEST or (not flat and len(x.shape) == 1):
        return
    values, scales = _weights(g, (outputs, inputs), outputs, 0)
    rms = x.rms * 50 * float(np.mean(scales)) * np.sqrt(inputs)
    y = g.map(shape, g.scale(rms), g.zero(), rms)
    kernel = g.constant(values, scales, [0] * len(scales), 0)
    settings = {"fusedActivationFunction": _activation(g), "keepNumDims": not flat}
    bias = _bias(g, x, scales, outputs, rms)
    g.operator("FULLY_CONNECTED", "FullyConnectedOptions", settings, [x.index, kernel, *(bias or [-1])], y)


def _partner(g: Graph, x: Map) -> tuple[int, float, int, float, tuple[int, ...]] | None:
    """A second operand: another map of the shape, a vector, a number, a constant; index, scale, zero, rms, shape."""
    rng = g.rng
    pick = rng.random()
    same = [m for m in g.maps if m.shape == x.shape]
    odd = [m for m in g.maps if len(m.shape) == len(x.shape) and _broadcasts(m.shape, x.shape)]
    vectors = [m for m in odd if np.prod(m.shape) in (1, x.shape[-1]) and m.shape[-1] in (1, x.shape[-1])]
    pool = same if pick < 0.45 else vectors if pick < 0.7 else odd if pick < 0.78 else []
    if pool:
        m = pool[int(rng.integers(len(pool)))]
        return m.index, m.scale, m.zero, m.rms, m.shape
    shapes = [x.shape, (x.shape[-1],), (*[1] * (len(x.shape) - 1), x.shape[-1]), (1,), (1,) * len(x.shape)]
    shape = shapes[int(rng.choice(len(shapes)))]
    if np.prod(shape) > 512:
        return None
    values = rng.integers(-128, 128, shape).astype(np.int8)
    scale, zero = x.scale * float(rng.choice([1.0, rng.uniform(0.2, 3)])), int(rng.choice([x.zero, g.zero()]))
    scale = float(np.float32(scale))
    return g.constant(values, [scale], [zero]), scale, zero, 74 * scale, shape


def _broadcasts(small: tuple[int, ...], large: tuple[int, ...]) -> bool:
    return all(a in (1, b) for a, b in zip(small, large, strict=True))


def _arithmetic(g: Graph, x: Map) -> None:
    name = str(g.rng.choice(["ADD", "SUB", "MUL"]))
    other = _partner(g, x)
    if other is None:
        return
    index, scale, _, rms, shape = other
    total = x.rms * rms if name == "MUL" else float(np.hypot(x.rms, rms))
    y_scale, zero = g.scale(total), g.zero()
    if name != "MUL" and g.rng.random() < 0.2:
        y_scale, zero = float(np.float32(max(x.scale, scale))), x.zero
    y = g.map(tuple(np.broadcast_shapes(x.shape, shape)), y_scale, zero, total)
    inputs = [x.index, index] if g.rng.random() < 0.6 else [index, x.index]
    g.operator(name, f"{name.title()}Options", {"fusedActivationFunction": _activation(g)}, inputs, y)


def _on_scale(g: Graph, m: Map, scale: float, zero: int) -> Map:
    """The map itself, or a QUANTIZE of it."""
    if (m.scale, m.zero) == (scale, zero):
        return m
    return g.operator("QUANTIZE", "QuantizeOptions", {}, [m.index], g.map(m.shape, scale, zero, m.rms))


def _extremum(g: Graph, x: Map) -> None:
    name = str(g.rng.choice(["MAXIMUM", "MINIMUM"]))
    same = [m for m in g.maps if len(m.shape) == len(x.shape) and _broadcasts(m.shape, x.shape)]
    y = g.map(x.shape, x.scale, x.zero, x.rms)
    if g.rng.random() < 0.3:
        values = g.rng.integers(-128, 128, [(), (1,)][int(g.rng.integers(2))]).astype(np.int8)
        index = g.constant(np.asarray(values, np.int8), [x.scale], [x.zero])
    else:
        index = _on_scale(g, same[int(g.rng.integers(len(same)))], x.scale, x.zero).index
    inputs = [x.index, index] if g.rng.random() < 0.6 else [index, x.index]
    g.operator(name, "MaximumMinimumOptions", {}, inputs, y)


def _unary(g: Graph, x: Map) -> None:
    name = str(g.rng.choice(["ABS", "RELU", "RELU6", "LEAKY_RELU", "LOGISTIC", "TANH", "QUANTIZE"]))
    options, settings = {"ABS": ("AbsOptions", {}), "QUANTIZE": ("QuantizeOptions", {})}.get(name, ("", {}))
    scale, zero, rms = g.scale(x.rms), g.zero(), x.rms
    if name in ("LOGISTIC", "TANH"):
        scale, zero, rms = (1 / 256, -128, 0.5) if name == "LOGISTIC" else (1 / 128, 0, 0.6)
    elif name in ("RELU6", "ABS") or g.rng.random() < 0.3:
        scale, zero = x.scale, x.zero if name != "ABS" else g.zero()
    elif name == "LEAKY_RELU":
        options, settings = "LeakyReluOptions", {"alpha": float(g.rng.choice([0.1, 0.3, -1.0, 1.0, 2.0, 0.0]))}
    if name == "LEAKY_RELU" and not options:
        options, settings = "LeakyReluOptions", {"alpha": 0.2}
    g.operator(name, options, settings, [x.index], g.map(x.shape, scale, zero, rms))


def _mean(g: Graph, x: Map) -> None:
    rank = len(x.shape)
    if rank < 3:
        return
    axes = list(range(1, rank - 1))
    if g.rng.random() < 0.15:
        axes = [int(g.rng.integers(1, rank))]
    elif g.rng.random() < 0.3:
        axes = [a - rank for a in axes][::-1]
    keep = bool(g.rng.random() < 0.5)
    gone = {a % rank for a in axes}
    shape = tuple(1 if i in gone else n for i, n in enumerate(x.shape) if keep or i not in gone)
    scale, zero = (x.scale, x.zero) if g.rng.random() < 0.3 else (g.scale(x.rms / 2), g.zero())
    constant = g.constant(np.array(axes, np.int32))
    g.operator("MEAN", "ReducerOptions", {"keepDims": keep}, [x.index, constant], g.map(shape, scale, zero, x.rms / 2))


def _pool(g: Graph, x: Map) -> None:
    if len(x.shape) != 4 or (w := _window(g, x.shape, False)) is None:
        return
    name = str(g.rng.choice(["AVERAGE_POOL_2D", "MAX_POOL_2D"]))
    settings = _filter_settings(w, _activation(g)) | {"filterHeight": w["kernel"][0], "filterWidth": w["kernel"][1]}
    y = g.map((1, *w["sides"], x.shape[3]), x.scale, x.zero, x.rms)
    g.operator(name, "Pool2DOptions", settings, [x.index], y)


def _softmax(g: Graph, x: Map) -> None:
    beta = 1.0 if g.rng.random() < 0.7 else float(g.rng.uniform(0.1, 3))
    g.operator("SOFTMAX", "SoftmaxOptions", {"beta": beta}, [x.index], g.map(x.shape, 1 / 256, -128, 0.3))


def _pad(g: Graph, x: Map) -> None:
    rank = len(x.shape)
    amounts = g.rng.integers(0, 4, (rank, 2)).astype(np.int32)
    amounts[0] = 0
    if g.rng.random() < 0.6:
        amounts[-1] = 0
    shape = tuple(int(n + p.sum()) for n, p in zip(x.shape, amounts, strict=True))
    if np.prod(shape) > _LARGEST:
        return
    inputs, name, options = [x.index, g.constant(amounts)], "PAD", "PadOptions"
    if g.rng.random() < 0.4:
        name, options = "PADV2", "PadV2Options"
        value = np.array(g.rng.integers(-128, 128), np.int8).reshape([(), (1,)][int(g.rng.integers(2))])
        inputs.append(g.constant(value, [x.scale], [x.zero]))
    g.operator(name, options, {}, inputs, g.map(shape, x.scale, x.zero, x.rms))


def _mirror_pad(g: Graph, x: Map) -> None:
    mode = int(g.rng.integers(2))
    most = np.array([1, *(min(4, n + mode) for n in x.shape[1:-1]), 1])
    amounts = g.rng.integers(0, most[:, None], (len(most), 2)).astype(np.int32)
    if len(x.shape) >= 3 and np.prod(x.shape + amounts.sum(axis=1)) <= _LARGEST:
        y = g.map(tuple(map(int, x.shape + amounts.sum(axis=1))), x.scale, x.zero, x.rms)
        g.operator("MIRROR_PAD", "MirrorPadOptions", {"mode": mode}, [x.index, g.constant(amounts)], y)


def _concatenation(g: Graph, x: Map) -> None:
    rank = len(x.shape)
    outer = next((i for i in range(1, rank) if x.shape[i] > 1), rank - 1)
    axis = int(g.rng.integers(1, outer + 1)) if g.rng.random() < 0.85 else int(g.rng.integers(1, rank))
    parts, total = [(x.index, x.shape[axis])], x.shape[axis]
    fits = [
        m
        for m in g.maps
        if len(m.shape) == rank
        and all(a == b for i, (a, b) in enumerate(zip(m.shape, x.shape, strict=True)) if i != axis)
    ]
    for _ in range(int(g.rng.integers(1, 4))):
        if g.rng.random() < 0.5:
            m = fits[int(g.rng.integers(len(fits)))]
            parts.append((_on_scale(g, m, x.scale, x.zero).index, m.shape[axis]))
        else:
            shape = list(x.shape)
            shape[axis] = int(g.rng.integers(1, 4))
            values = g.rng.integers(-128, 128, shape).astype(np.int8)
            parts.append((g.constant(values, [x.scale], [x.zero]), shape[axis]))
    total = sum(n for _, n in parts)
    shape = list(x.shape)
    shape[axis] = total
    if np.prod(shape) > _LARGEST:
        return
    order = [parts[i][0] for i in g.rng.permutation(len(parts))]
    settings = {"axis": axis if g.rng.random() < 0.7 else axis - rank, "fusedActivationFunction": 0}
    g.operator("CONCATENATION", "ConcatenationOptions", settings, order, g.map(tuple(shape), x.scale, x.zero, x.rms))


def _reshape(g: Graph, x: Map) -> None:
    n = int(np.prod(x.shape))
    divisors = [d for d in range(1, n + 1) if n % d == 0]
    a = int(g.rng.choice(divisors))
    b = int(g.rng.choice([d for d in divisors if (n // a) % d == 0]))
    shapes = [(1, n), (1, a, n // a), (1, a, b, n // a // b), (1, n, 1, 1), (1, 1, 1, n)]
    shape = shapes[int(g.rng.choice(5, p=[0.15, 0.25, 0.5, 0.05, 0.05]))]
    constant = g.constant(np.array(shape, np.int32))
    y = g.map(shape, x.scale, x.zero, x.rms)
    g.operator("RESHAPE", "ReshapeOptions", {"newShape": list(shape)}, [x.index, constant], y)


def _shrinkage(g: Graph, x: Map) -> None:
    """x - min(max(x, -tau), tau), and perhaps a sum behind it: what the generator fuses, and near misses of it."""
    rng = g.rng
    if len(x.shape) not in (3, 4):
        return
    channels = x.shape[-1]
    name = str(rng.choice(["ABS", "LEAKY_RELU", "RELU"], p=[0.5, 0.4, 0.1]))
    options = {"ABS": "AbsOptions", "LEAKY_RELU": "LeakyReluOptions"}.get(name, "")
    settings = {"alpha": -1.0} if name == "LEAKY_RELU" else {}
    absolute = g.operator(name, options, settings, [x.index], g.map(x.shape, x.scale, g.zero(), x.rms))
    inner = list(range(1, len(x.shape) - 1))
    keep = tuple(1 if i in inner else n for i, n in enumerate(x.shape))
    mean = g.map(keep, g.scale(x.rms), g.zero(), x.rms)
    mean = g.operator(
        "MEAN", "ReducerOptions", {"keepDims": True}, [absolute.index, g.constant(np.array(inner, np.int32))], mean
    )
    outputs = channels if rng.random() < 0.7 else 1
    values, scales = _weights(g, (outputs, channels), outputs, 0)
    rms = mean.rms * 50 * float(np.mean(scales)) * np.sqrt(channels)
    hidden = g.map((*keep[:-1], outputs), g.scale(rms), g.zero(), rms)
    kernel = g.constant(values, scales, [0] * len(scales), 0)
    settings = {"fusedActivationFunction": 0, "keepNumDims": True}
    hidden = g.operator("FULLY_CONNECTED", "FullyConnectedOptions", settings, [mean.index, kernel, -1], hidden)
    if rng.random() < 0.1 and x.shape[1] == channels and outputs == channels:
        shape = (1, channels, *[1] * (len(x.shape) - 2))
        y = g.map(shape, hidden.scale, hidden.zero, hidden.rms)
        hidden = g.operator(
            "RESHAPE",
            "ReshapeOptions",
            {"newShape": list(shape)},
            [hidden.index, g.constant(np.array(shape, np.int32))],
            y,
        )
    tau = _on_scale(g, hidden, x.scale, x.zero)
    slope = {"alpha": 1.0}
    minus = g.map(tau.shape, x.scale, x.zero, tau.rms)
    minus = g.operator("LEAKY_RELU", "LeakyReluOptions", slope, [tau.index], minus)
    upper = g.map(x.shape, x.scale, x.zero, x.rms)
    swap = rng.random() < 0.15
    upper = g.operator(
        "MAXIMUM", "MaximumMinimumOptions", {}, [minus.index, x.index] if swap else [x.index, minus.index], upper
    )
    lower = g.map(x.shape, x.scale, x.zero, x.rms)
    lower = g.operator("MINIMUM", "MaximumMinimumOptions", {}, [upper.index, tau.index], lower)
    zero = g.zero()
    shrunk = g.map(x.shape, g.scale(x.rms), zero, x.rms)
    inputs = [x.index, lower.index] if rng.random() < 0.9 else [lower.index, x.index]
    shrunk = g.operator("SUB", "SubOptions", {"fusedActivationFunction": _activation(g)}, inputs, shrunk)
    same = [m for m in g.maps if m.shape == x.shape]
    if rng.random() < 0.7:
        other = same[int(rng.integers(len(same)))]
        total = float(np.hypot(x.rms, other.rms))
        y = g.map(x.shape, g.scale(total), g.zero(), total)
        inputs = [shrunk.index, other.index] if rng.random() < 0.5 else [other.index, shrunk.index]
        g.operator("ADD", "AddOptions", {"fusedActivationFunction": _activation(g)}, inputs, y)


_MAKERS = {
    _conv: 5,
    _depthwise: 4,
    _dense: 2.5,
    _arithmetic: 5,
    _extremum: 1.5,
    _unary: 2,
    _mean: 1.2,
    _pool: 1.5,
    _softmax: 0.6,
    _pad: 1,
    _mirror_pad: 0.7,
    _concatenation: 1.5,
    _reshape: 1.5,
    _shrinkage: 1.2,
}
