"""What a simulation has seen, as one process tells it to another."""

import msgspec


class Seen(msgspec.Struct, frozen=True):
    """The first seed that failed, or the last one that held.

    Attributes:
        seed: which.
        checks: those that failed with it, one a violation.
        texts: what they said.
        seconds: of processor time that all seeds took up to this one.
        packages: where the packages were found that ran.
    """

    seed: int
    checks: tuple[str, ...]
    texts: tuple[str, ...]
    seconds: float
    packages: tuple[str, ...]
