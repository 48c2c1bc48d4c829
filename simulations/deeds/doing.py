"""What every deed is: it does something to the world of a run, and says how it is undone."""

from collections.abc import Awaitable, Callable
from random import Random
from typing import Final

from simulations.scenario import Happening
from simulations.world import World

Undo = Callable[[], Awaitable[None]] | None
"""Ends what a deed has begun; None where nothing is left to end."""
Doing = Callable[[World, Happening, Random], Awaitable[Undo]]

PATIENCE_SECONDS: Final = 30.0
"""How long people wait before they try again what could not be done."""
PATIENCE_TRIES: Final = 2880
"""A day of it."""
