"""What can happen in a scenario: each deed in words, and which keys of a happening it uses."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from simulations.scenario import Deed


class Uses(NamedTuple):
    """What a deed does, and what it goes by besides `at`, `do` and `who`.

    Attributes:
        text: what it does, in a sentence.
        needs: keys without which it means nothing.
        takes: keys it goes by if they are there.
    """

    text: str
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()


DEEDS: Final[Mapping[Deed, Uses]] = {
    "cut": Uses(
        "The line is cut: nothing passes between `who` and `other`, in either direction. Nobody is told.",
        (),
        ("other", "lasts"),
    ),
    "one-way": Uses(
        "What `who` sends is lost on the way to `other`; what comes back still arrives.", (), ("other", "lasts")
    ),
    "flap": Uses("The line goes down and up again and again, once in each `every`.", ("every",), ("other", "lasts")),
    "slow": Uses(
        "The line is slow: `latency` and `speed` instead of its own.", (), ("other", "lasts", "latency", "speed")
    ),
    "reset": Uses("All connections between `who` and `other` break at this moment.", (), ("other",)),
    "stall": Uses("Connections stay open, and nothing moves on them.", (), ("other", "lasts")),
    "swizzle": Uses(
        "One device after the other is cut off, in random order, and they come back in another order.", (), ("lasts",)
    ),
    "switch-off": Uses("The device is switched off properly, and on again when `lasts` is over.", (), ("lasts",)),
    "crash": Uses("The program is killed in the middle of what it does, and started again.", (), ("lasts",)),
    "power-cut": Uses(
        "The machine loses power: what the disk had not confirmed is gone. It is started again.", (), ("lasts",)
    ),
    "burn": Uses("The machine and its disk are gone for good.", ("who",)),
    "recover": Uses("A burnt head office begins on a new machine, with the recovery phrase from the paper.", ("who",)),
    "back-up": Uses("A copy of its disk is put aside."),
    "restore": Uses("Its disk is what was put aside by the last `back-up`; what came since is gone there.", ("who",)),
    "clone": Uses(
        "Its disk is copied to a second machine, and both run: one device is there twice.", ("who",), ("lasts",)
    ),
    "clock-jump": Uses("Its clock is set forward or back `by` so much at once.", ("by",), ("lasts",)),
    "clock-drift": Uses("Its clock gains or loses `by` so much a day.", ("by",), ("lasts",)),
    "disk-full": Uses("Its disk is full: nothing can be written.", (), ("lasts",)),
    "slow-disk": Uses("Its disk takes long for every write.", (), ("lasts",)),
    "lock": Uses("Head office locks the books up to the day `until`.", ("until",)),
    "unlock": Uses("Head office takes its last lock back.", (), ("until",)),
    "revoke": Uses("Head office revokes the devices `who`: they are out of the company.", ("who",)),
    "rule": Uses(
        "The branch `who` and the branch `other` agree on another rule: `preset`.", ("who", "other"), ("preset",)
    ),
    "pause": Uses("Somebody at `who` pauses contact with the devices of `other`.", (), ("other", "lasts")),
    "resume": Uses("Somebody at `who` ends what `pause` began.", (), ("other",)),
    "alter-same": Uses(
        "Everybody in `who` alters the same voucher within a minute, knowing nothing of each other.", (), ("lasts",)
    ),
}
"""Every deed by its name. `who` is for all of them; where it is not needed, leaving it out means everybody."""
