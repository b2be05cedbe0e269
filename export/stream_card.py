"""What a card says of a model that is run step by step."""

from __future__ import annotations

from typing import Any

from drsn_keras.edge.step_interpreter import StepInterpreter
from drsn_keras.stream_spec import StreamSpec


def stream_card(interpreter: StepInterpreter, frames: int, hop_length: int) -> dict[str, Any]:
    """The card's ``stream`` of a model whose step is so many frames, ``hop_length`` samples apart."""
    return StreamSpec(
        frames=frames,
        states=interpreter.n_states,
        state_bytes=interpreter.state_bytes,
        delay_samples=frames * hop_length,
    ).to_dict()
