"""The page that a person reads after a denoiser's evaluation."""

from .examples import ExampleKeeper
from .page import write_report

__all__ = ["ExampleKeeper", "write_report"]
