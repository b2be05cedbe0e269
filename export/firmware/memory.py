"""Where every map lies: one static arena, planned from lifetimes and from what each kernel allows to overlap."""

from __future__ import annotations

import dataclasses

import numpy as np

from .program import Program

#: Of every buffer, so that word loads are aligned.
ALIGNMENT = 4
#: Orders in which buffers are placed that are tried; the first are by size and by time.
_TRIES = 400


@dataclasses.dataclass(frozen=True)
class Buffer:
    """Memory that must last from step ``first`` to step ``last``."""

    n_bytes: int
    first: int
    last: int


@dataclasses.dataclass(frozen=True)
class Overlap:
    """What a kernel allows of its output and an input that dies there."""

    exactly: int | None
    before: int | None


@dataclasses.dataclass(frozen=True)
class MemoryPlan:
    """Offsets in the arena by tensor and, for scratch memory, by step; all in bytes."""

    n_bytes: int
    tensors: dict[int, int]
    scratch: dict[int, int]


def plan_memory(program: Program) -> MemoryPlan:
    """Place the maps of a program, the same at every call.

    Maps of different lifetimes share memory; states keep theirs from call to call. An output may also begin on an
    input that dies at the step, or run behind it at a distance (Step.in_place, Step.slides).
    """
    place = program.network.place
    # The new state is written over the old one, which nothing reads any more (read_network has checked it).
    same = {kept: state for state, kept in program.network.states}
    first, last = lifetimes(program)
    buffers: dict[tuple[str, int], Buffer] = {
        ("scratch", number): Buffer(step.scratch, number, number)
        for number, step in enumerate(program.steps)
        if step.scratch
    }
    for index, begins in first.items():
        if index in same:
            continue
        buffers["tensor", index] = Buffer(program.network.tensors[index].n_bytes, begins, last[index])
    overlaps: dict[tuple[tuple[str, int], tuple[str, int]], Overlap] = {}
    for number, step in enumerate(program.steps):
        if step.output in same:
            continue
        exact = {place(index): distance for index, distance in step.in_place.items()}
        slides = {place(index): gap for index, gap in step.slides.items()}
        for index in {**exact, **slides}:
            # Two names of one map among the inputs: the kernel's promise holds for one of them only.
            once = [place(i) for i in step.inputs].count(index) == 1
            if last[index] == number and once:
                pair = ("tensor", step.output), ("tensor", index)
                distance = exact.get(index)
                aligned = distance is not None and distance % ALIGNMENT == 0
                overlaps[pair] = Overlap(distance if aligned else None, slides.get(index))
    offsets = _place(buffers, overlaps)
    total = max(offsets[key] + _rounded(buffers[key].n_bytes) for key in buffers)
    tensors = {number: offset for (kind, number), offset in offsets.items() if kind == "tensor"}
    return MemoryPlan(
        total,
        {**tensors, **{kept: tensors[state] for kept, state in same.items()}},
        {number: offset for (kind, number), offset in offsets.items() if kind == "scratch"},
    )


def lifetimes(program: Program) -> tuple[dict[int, int], dict[int, int]]:
    """The first and the last step of every map, by tensor; output and states last beyond the last step."""
    place = program.network.place
    first, last = {program.network.input: 0}, {program.network.input: 0}
    first |= {state: 0 for state, _ in program.network.states}
    for number, step in enumerate(program.steps):
        last.update({place(index): number for index in step.inputs})
        first[step.output] = number
        last.setdefault(step.output, number)
    last[program.network.output] = len(program.steps)
    last |= {index: len(program.steps) for pair in program.network.states for index in pair}
    return first, last


def _place(buffers: dict, overlaps: dict) -> dict:
    """The best of many greedy placements."""
    keys = sorted(buffers, key=lambda k: (-buffers[k].n_bytes, buffers[k].first, k))
    orders = [keys, sorted(keys, key=lambda k: buffers[k].first), sorted(keys, key=lambda k: -buffers[k].last)]
    rng = np.random.default_rng(0)
    sizes = np.array([buffers[k].n_bytes for k in keys], float)
    best, best_total = {}, None
    for number in range(_TRIES):
        if number < len(orders):
            order = orders[number]
        else:
            # Large buffers first, but not always in the same order.
            order = [keys[i] for i in np.argsort(-sizes * rng.uniform(0.3, 1.0, len(keys)), kind="stable")]
        offsets = _greedy(order, buffers, overlaps)
        total = max(offsets[k] + _rounded(buffers[k].n_bytes) for k in buffers)
        if best_total is None or total < best_total:
            best, best_total = offsets, total
    return best


def _greedy(order: list, buffers: dict, overlaps: dict) -> dict:
    """Each buffer as low as it fits beside those that are placed."""
    offsets: dict = {}
    for key in order:
        rivals = [k for k in offsets if buffers[k].first <= buffers[key].last and buffers[key].first <= buffers[k].last]
        candidates = {0}
        for rival in rivals:
            candidates.add(offsets[rival] + _rounded(buffers[rival].n_bytes))
            for pair, sign in (((key, rival), -1), ((rival, key), 1)):
                overlap = overlaps.get(pair)
                if overlap is not None:
                    if overlap.exactly is not None:
                        candidates.add(offsets[rival] + sign * overlap.exactly)
                    if overlap.before is not None:
                        gap = offsets[rival] + sign * overlap.before
                        candidates.add(gap // ALIGNMENT * ALIGNMENT if sign < 0 else _rounded(gap))
        offsets[key] = next(
            c
            for c in sorted(candidates)
            if c >= 0 and all(_fits(key, c, k, offsets, buffers, overlaps) for k in rivals)
        )
    return offsets


def _fits(key, offset: int, rival, offsets: dict, buffers: dict, overlaps: dict) -> bool:
    other = offsets[rival]
    if offset >= other + _rounded(buffers[rival].n_bytes) or other >= offset + _rounded(buffers[key].n_bytes):
        return True
    for pair, output_at, input_at in (((key, rival), offset, other), ((rival, key), other, offset)):
        overlap = overlaps.get(pair)
        if overlap is not None:
            if overlap.exactly is not None and input_at - output_at == overlap.exactly:
                return True
            if overlap.before is not None and input_at - output_at >= overlap.before:
                return True
    return False


def _rounded(n_bytes: int) -> int:
    return -(-n_bytes // ALIGNMENT) * ALIGNMENT
