"""The picture of ``drsn-export c --report``: instructions by layer and core, and who lies where in the arena."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from .build_project import Project
from .measure import Cost
from .memory import lifetimes
from .network import plain

_COLOURS = ("#2a6f97", "#61a5c2", "#e07a5f", "#8d99ae")
_LAYERS = 40


def picture(project: Project, costs: Mapping[str, Cost], figures: Mapping[str, Mapping[str, Any]]) -> bytes:
    """A PNG.

    Parameters
    ----------
    project : Project
    costs : Cost by core
    figures : the figures of report.json by core
    """
    steps = project.generated.program.steps
    shown = steps[:_LAYERS]
    with matplotlib.rc_context({"font.size": 8, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(12, 1.8 + 0.24 * max(12, len(shown))), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(3, 2))
        height = 0.8 / max(1, len(costs))
        for place, ((core, cost), colour) in enumerate(zip(costs.items(), _COLOURS, strict=False)):
            at = [n + (place - (len(costs) - 1) / 2) * height for n in range(len(shown))]
            label = f"{core}: {cost.instructions / 1e6:.2f} M"
            left.barh(at, [n / 1e3 for n in cost.steps[: len(shown)]], height, color=colour, label=label)
        left.set_yticks(range(len(shown)), [_name(step.layer, step.kernel) for step in shown])
        left.set_ylim(len(shown) - 0.4, -0.6)
        left.set_xscale("log")
        left.set_xlabel("thousand instructions (logarithmic)")
        rest = f", the first {_LAYERS} of {len(steps)} steps" if len(steps) > _LAYERS else ""
        left.set_title(f"Instructions of each step{rest}", loc="left")
        left.legend(loc="lower right", title="an inference", frameon=False)
        _memory(right, project)
        first = next(iter(figures.values()))
        title = _no_formula(project.source.path.parent.name or project.source.path.name)
        figure.suptitle(
            f"{title}: flash {first['flash_bytes']:,} B, arena "
            f"{first['arena_bytes']:,} B, stack {first['stack_bytes']:,} B on {next(iter(figures))}",
            fontsize=10,
        )
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=130)
    return buffer.getvalue()


def _name(layer: str, kernel: str) -> str:
    """The layer's own name without the model's, and the kernel."""
    short = layer.split(";", maxsplit=1)[0].split("/", 1)[-1]
    return f"{_no_formula(short[:34])}  {kernel.removeprefix('drsn_').removesuffix('_s8')}"


def _no_formula(text: str) -> str:
    """Text that matplotlib takes as it is."""
    return plain(text).replace("$", r"\$")


def _memory(axes: Any, project: Project) -> None:
    """Maps as rectangles over the steps during which they live."""
    program, plan = project.generated.program, project.generated.plan
    first, last = lifetimes(program)
    for colour, index in enumerate(first):
        size = program.network.tensors[index].n_bytes
        corner = (plan.tensors[index], first[index] - 0.5)
        length = last[index] - first[index] + 1
        axes.add_patch(Rectangle(corner, size, length, facecolor=f"C{colour % 10}", alpha=0.55, edgecolor="white"))
    for number, offset in plan.scratch.items():
        size = program.steps[number].scratch
        axes.add_patch(Rectangle((offset, number - 0.5), size, 1, facecolor="#444444", alpha=0.8))
    axes.set_xlim(0, plan.n_bytes)
    axes.set_ylim(min(len(program.steps), _LAYERS) - 0.4, -0.6)
    axes.set_xlabel("byte of the arena (dark: scratch memory)")
    axes.set_ylabel("step")
    axes.set_title("Maps in the arena over the steps", loc="left")
