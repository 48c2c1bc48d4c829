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


_LINE: Final = ("other", "lasts")

DEEDS: Final[Mapping[Deed, Uses]] = {
    "cut": Uses(
        "The line is cut: nothing passes between `who` and `other`, in either direction. Nobody is told.", (), _LINE
    ),
    "one-way": Uses("What `who` sends is lost on the way to `other`; what comes back arrives.", (), _LINE),
    "flap": Uses(
        "The line goes down and up again and again, each time for a random time up to `every`; for 1h without `lasts`.",
        ("every",),
        _LINE,
    ),
    "slow": Uses("The line is slow: `latency` and `speed` in the place of its own.", (), (*_LINE, "latency", "speed")),
    "reset": Uses("All connections between `who` and `other` break at this moment.", (), ("other",)),
    "stall": Uses("Connections stay open, and nothing moves on them.", (), _LINE),
    "swizzle": Uses(
        "One after the other is cut off, in random order, and comes back in another order; within `lasts`, or 10m.",
        (),
        ("lasts",),
    ),
    "switch-off": Uses("The device is switched off properly, and on again when `lasts` is over.", (), ("lasts",)),
    "crash": Uses(
        "The program is killed just before or after one of its next transactions is on the disk. It is started again "
        "after `lasts`, or 30s.",
        (),
        ("lasts",),
    ),
    "power-cut": Uses(
        "The machine loses power, and nobody is told. It is started again after `lasts`, or 30s.", (), ("lasts",)
    ),
    "burn": Uses("The machine and its disk are gone for good.", ("who",)),
    "recover": Uses(
        "A burnt head office begins on a new machine, with the recovery phrase, from who answers of `other`.",
        ("who",),
        ("other",),
    ),
    "back-up": Uses("A copy of the disk is put aside."),
    "restore": Uses("The disk is what the last `back-up` put aside; what came since is gone there.", ("who",)),
    "clone": Uses("The disk is copied to a second machine, and both run: one device is there twice.", ("who",)),
    "clock-jump": Uses("The clock jumps `by` so much; it is set right after `lasts`, or never.", ("by",), ("lasts",)),
    "clock-drift": Uses("From now on the clock gains or loses `by` so much a day.", ("by",)),
    "disk-full": Uses("The disk is full: nothing can be written.", (), ("lasts",)),
    "slow-disk": Uses("The disk takes long for every transaction.", (), ("lasts",)),
    "lock": Uses("Head office locks the books up to the day `until`.", ("until",)),
    "unlock": Uses("Head office takes its last lock back."),
    "revoke": Uses("Head office revokes the devices `who`: they are out of the company.", ("who",)),
    "rule": Uses("The branch `who` offers the branch `other` the rule `preset`.", ("who", "other"), ("preset",)),
    "pause": Uses("People at `who` pause contact with `other`.", (), _LINE),
    "resume": Uses("People at `who` end what `pause` began.", (), ("other",)),
    "alter-same": Uses("At every device of `who` that is on, people alter the same voucher at once, each otherwise."),
}
"""Every deed by its name. `who` is for all of them; where it is not needed, leaving it out means everybody."""
