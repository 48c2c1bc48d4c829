"""What happened in a run, as the report tells it and `--json` prints it. All times are ms since the run began."""

from typing import Final, Literal

import msgspec


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a story."""


class Span(Record, frozen=True):
    """A time during which a device could not be reached or did not run.

    `why` is `cut`, `one-way`, `slow`, `stall`, `paused` (by people, with some or all), `off` (switched off), `crashed`,
    `gone` (burnt), or `not joined`.
    """

    begin: int
    end: int
    why: str


NOT_RUNNING: Final = frozenset({"off", "crashed", "gone", "not joined"})
"""Reasons of spans in which a device does nothing at all, whatever its lines are."""


SET_ASIDE: Final = "commits set aside"
"""What `Story.counted` calls commits of devices that were revoked, or are malformed, which count nowhere."""


class Lane(Record, frozen=True):
    """One device or relay over time.

    Attributes:
        unsent: (time, how many commits made here are not with everybody yet who may have them), at each change.
    """

    name: str
    branch: str
    is_relay: bool
    spans: tuple[Span, ...]
    unsent: tuple[tuple[int, int], ...]


Kind = Literal[
    "saved", "delivered", "clash", "settled", "joined", "revoked", "lock", "rule", "crash", "power-cut", "restored",
    "cloned", "recovered", "clock", "disk", "in-sync", "other",
]  # fmt: skip


class Mark(Record, frozen=True):
    """Something that happened at one device at one moment.

    Attributes:
        who: the name of its lane.
        other: the other device, for what was `delivered` (from whom) or `in-sync` (with whom).
        text: in words people understand, such as "Sales PUN/26-27/00012, ₹1,200.00".
        count: how many, for what was delivered together.
    """

    at: int
    kind: Kind
    who: str
    text: str = ""
    other: str = ""
    count: int = 1


class Delivery(Record, frozen=True):
    """How long one acknowledged save took to be everywhere it may be.

    Attributes:
        who: where it was saved.
        everywhere: when the last device that may have it got it; None: not within the run.
        what: in words.
        last: the device that got it last; empty: none.
        awake: how much of that passed while both it and the device that got it were switched on, of the device for
            which that was longest.
    """

    saved: int
    who: str
    everywhere: int | None
    what: str
    last: str = ""
    awake: int | None = None


class Traffic(Record, frozen=True):
    """Bytes that went from one device to another, in equal steps of time (`Story.step_ms`)."""

    source: str
    target: str
    bytes: tuple[int, ...]


class Open(Record, frozen=True):
    """What needs a person in the end: a conflict or a problem, with a name people know it by."""

    name: str
    text: str


class Violation(Record, frozen=True):
    """Something that had to hold and did not."""

    at: int
    check: str
    text: str


class Story(Record, frozen=True):
    """One run.

    Attributes:
        title, about: from the scenario.
        scenario: its shipped name, or the path of its file.
        clock_start: what the clocks showed at the beginning, ms since 1970.
        lasts: when people stopped working and all was healed.
        in_sync: when all were in sync after that; None: never.
        ended: when the run ended.
        violations: what did not hold; empty is a pass.
        trace: the hash of all that happened, in hex; the same in every run of one seed.
        counted: further figures by name, such as "vouchers", "commits", "bytes".
    """

    scenario: str
    title: str
    about: str
    seed: int
    clock_start: int
    lasts: int
    in_sync: int | None
    ended: int
    lanes: tuple[Lane, ...]
    marks: tuple[Mark, ...]
    deliveries: tuple[Delivery, ...]
    step_ms: int
    traffic: tuple[Traffic, ...]
    conflicts: tuple[Open, ...]
    problems: tuple[Open, ...]
    violations: tuple[Violation, ...]
    trace: str
    counted: dict[str, int]
    last_events: tuple[str, ...]
