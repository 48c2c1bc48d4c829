"""One seed, many streams of randomness: each part draws from its own, so one more draw here moves nothing there."""

import random
from typing import Final

_NAMES_END: Final = "/"


class Seeds:
    """The streams that follow from a seed; the same in every process and on every version of Python.

    Args:
        seed: any number from 0 on.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def stream(self, *names: object) -> random.Random:
        """A stream of its own for what has these names."""
        return random.Random(_NAMES_END.join(["khata simulation 1", str(self.seed), *map(str, names)]))
