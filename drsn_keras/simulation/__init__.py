"""A drivetrain-like simulator of vibration: gears, bearing defects, shaft lines, resonances, speed and load."""

from .drivetrain import REFERENCE_RPM, Drivetrain, Mode, draw_design, draw_drivetrain, with_severity
from .fleet import draw_fleet
from .recording import LEAST_RATE_HZ, Recipe, draw_recipe, render, simulate
from .states import BEARING_STATES, HEALTH_STATES, check_state
from .task import LOADS, SPEEDS_RPM, SimulatedRecording, simulated_machine, simulated_task
from .virtual_machine import VirtualMachine

__all__ = [
    "BEARING_STATES",
    "HEALTH_STATES",
    "LEAST_RATE_HZ",
    "LOADS",
    "REFERENCE_RPM",
    "SPEEDS_RPM",
    "Drivetrain",
    "Mode",
    "Recipe",
    "SimulatedRecording",
    "VirtualMachine",
    "check_state",
    "draw_design",
    "draw_drivetrain",
    "draw_fleet",
    "draw_recipe",
    "render",
    "simulate",
    "simulated_machine",
    "simulated_task",
    "with_severity",
]
