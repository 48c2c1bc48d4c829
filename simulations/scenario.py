"""What a scenario says: who there is, how they are connected, how they work, what goes wrong and when, what must hold.

A scenario is a TOML file; `simulations.reading` reads one and says what is wrong with it. Times are texts such as
`"90s"`, `"2h"`, `"3d"`; `ms_of` turns one into milliseconds.
"""

import re
from collections.abc import Sequence, Set
from hashlib import sha256
from typing import Any, Final, Literal

import msgspec

SECOND: Final = 1000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
YEAR: Final = 365 * DAY

_UNITS: Final = {"ms": 1, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "y": YEAR}
_length = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*(ms|s|m|h|d|y)\s*", re.ASCII)
_lengths = re.compile(rf"(?:{_length.pattern}){{1,6}}(?<!\s)", re.ASCII)

_host = re.compile(r"[a-z0-9][a-z0-9-]*", re.ASCII)
_not_of_hosts = re.compile(r"[^a-z0-9]+", re.ASCII)

DEVICES_MAX: Final = 9
"""How many devices a branch may have."""

Preset = Literal["everything", "masters-only", "vouchers-up", "own-branch", "none"]
EVERYBODY: Final = "*"


class Record(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A table of a scenario: what it does not know is a mistake."""


class Branch(Record, frozen=True):
    """A place of business. The first one is the head office, where the company begins.

    Attributes:
        name: what people call it.
        code: what its first device has in voucher numbers, 1 to 4 letters and digits, small ones as capitals; the
            others are numbered, `PUN2`.
        devices: how many it has, up to 9; the first is called as the branch is, the others "Pune 2", "Pune 3".
        rule: the preset of the rule that it and head office agree on when it joins.
        joins: when it joins, since the beginning.
        open: when its devices are switched on, by the true time, such as "09:00-21:00" or, over midnight,
            "22:00-04:00"; empty: always.
        work: how much is entered here, as far as that differs from `[work]`.
    """

    name: str
    code: str
    devices: int = 1
    rule: Preset = "everything"
    joins: str = "0s"
    open: str = ""
    work: "Work | None" = None


class RelayAt(Record, frozen=True):
    """A relay that is always on, known to all devices.

    Attributes:
        name: what it is called.
    """

    name: str


class RuleBetween(Record, frozen=True):
    """A rule that two branches agree on besides the one each has with head office.

    Attributes:
        between: the two branches; the first one offers.
        preset: what flows: everything, masters-only, vouchers-up, own-branch, or none.
        at: when they agree on it, since the beginning, or else when both have joined.
    """

    between: tuple[str, str]
    preset: Preset
    at: str = "0s"


class Line(Record, frozen=True):
    """How two devices, or all there are, are connected.

    Attributes:
        between: two branches, devices or relays; `*` is everybody, and a branch is all of its devices.
        latency: how long anything takes from one end to the other.
        jitter: what is added to that at random, up to so much.
        speed: kbit/s each way.
        up: whether they can ever reach each other directly.
    """

    between: tuple[str, str] = (EVERYBODY, EVERYBODY)
    latency: str = "40ms"
    jitter: str = "20ms"
    speed: float = 4000.0
    up: bool = True


class Work(Record, frozen=True):
    """How often people do what, an hour and device while it is switched on; each at random moments.

    Attributes:
        vouchers: new ones, of all types.
        alterations: of vouchers that are seen there, of whatever branch.
        hot: the share of alterations, 0 to 1, that go to the few vouchers everybody is at.
        cancellations: of vouchers.
        masters: new ledgers.
        renames: of ledgers.
        transfers: goods or cash to another branch, and receiving what has come.
        settlements: of conflicts that are listed.
    """

    vouchers: float = 6.0
    alterations: float = 1.0
    hot: float = 0.3
    cancellations: float = 0.1
    masters: float = 0.2
    renames: float = 0.1
    transfers: float = 0.2
    settlements: float = 0.0


class Faults(Record, frozen=True):
    """What goes wrong by chance, so often a day and device; each lasts a random time, `lasting` on average.

    Attributes:
        cuts: the device is cut off from everybody.
        one_way: what it sends is lost, and what is sent to it arrives.
        resets: all of its connections break.
        stalls: its connections stay open, and nothing moves on them.
        crashes: the program is killed, at any step of a transaction, and started again.
        power_cuts: the machine loses power, and with it what the disk has not confirmed.
        switched_off: it is switched off properly.
        clock_jumps: its clock is set wrong, by seconds or by years.
        disk_full: nothing can be written.
        slow_disk: every write takes long.
        restores: its disk is put back to an earlier state.
        clogging: several devices are cut off one by one, and come back in another order.
        lasting: how long each lasts, on average.
    """

    cuts: float = 0.0
    one_way: float = 0.0
    resets: float = 0.0
    stalls: float = 0.0
    crashes: float = 0.0
    power_cuts: float = 0.0
    switched_off: float = 0.0
    clock_jumps: float = 0.0
    disk_full: float = 0.0
    slow_disk: float = 0.0
    restores: float = 0.0
    clogging: float = 0.0
    lasting: str = "10m"


Deed = Literal[
    "cut", "one-way", "flap", "slow", "reset", "stall", "swizzle",
    "switch-off", "crash", "power-cut", "burn", "recover", "back-up", "restore", "clone",
    "clock-jump", "clock-drift", "disk-full", "slow-disk",
    "lock", "unlock", "revoke", "rule", "pause", "resume", "alter-same",
]  # fmt: skip


class Happening(Record, frozen=True):
    """Something that happens at a stated time.

    Attributes:
        at: when, since the beginning.
        do: what.
        who: branches, devices or relays that it happens to; empty: everybody.
        other: from whom or with whom; empty: everybody else.
        lasts: how long, for what ends by itself; empty: until all is healed.
        every: how often, for `flap`.
        by: how far a clock jumps, such as "10y" or "-3d", or drifts in a day.
        until: the last day that a `lock` closes, such as "2026-03-31".
        preset: of a `rule`.
        latency: of a line that is `slow`.
        speed: of a line that is `slow`, kbit/s.
    """

    at: str
    do: Deed
    who: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    lasts: str = ""
    every: str = ""
    by: str = ""
    until: str = ""
    preset: Preset = "everything"
    latency: str = "2s"
    speed: float = 16.0


class Expect(Record, frozen=True):
    """What has to hold besides what always has to.

    Attributes:
        in_sync_within: how long after everything was healed all have to be in sync.
        delivered_within: how long a save may take to be everywhere; empty: as long as it takes.
        conflicts: whether conflicts have to be listed in the end: some, none, or any.
        numbers_twice: whether vouchers share a number in the end: some, none, or any.
        dropped: whether relays have dropped content in the end: some, none, or any.
    """

    in_sync_within: str = "15m"
    delivered_within: str = ""
    conflicts: Literal["some", "none", "any"] = "any"
    numbers_twice: Literal["some", "none", "any"] = "none"
    dropped: Literal["some", "none", "any"] = "any"


class Scenario(Record, frozen=True):
    """A business, a network and what happens to them.

    Attributes:
        title: in a few words.
        about: what is asked, in a sentence or two.
        start: what the clocks show at the beginning, such as "2026-06-01T09:00".
        lasts: how long people work and things go wrong, up to 1y; then all is healed, and it has to come right.
        branches: 1 to 60; the first is the head office, where the company begins.
        relays: up to 9.
        rules: those between branches, besides the one each branch has with head office.
        lines: how they are connected; where several concern the same two, the last counts, with all its keys: what it
            leaves out is as usual, whatever an earlier one says.
        work: how much is entered, everywhere.
        faults: what goes wrong by chance.
        happenings: what happens at a stated time.
        expect: what has to hold besides what always has to.
    """

    title: str
    about: str
    lasts: str
    branches: tuple[Branch, ...]
    start: str = "2026-06-01T09:00"
    relays: tuple[RelayAt, ...] = ()
    rules: tuple[RuleBetween, ...] = ()
    lines: tuple[Line, ...] = ()
    work: Work = Work()
    faults: Faults = Faults()
    happenings: tuple[Happening, ...] = ()
    expect: Expect = Expect()


def given(record: Record) -> dict[str, Any]:
    """Return what a table says by its keys, without what goes without saying."""
    usual = {field.name: field.default for field in msgspec.structs.fields(record)}
    return {key: value for key, value in msgspec.structs.asdict(record).items() if value != usual[key]}


def device_names(branch: Branch) -> tuple[str, ...]:
    """Return what the devices of a branch are called: "Pune", "Pune 2", "Pune 3"; no more than there may be."""
    return (branch.name, *(f"{branch.name} {number}" for number in range(2, min(branch.devices, DEVICES_MAX) + 1)))


def line_between(lines: Sequence[Line], one: Set[str], other: Set[str]) -> Line:
    """Return the last line that names both of two, each given with all names that it goes by; or the usual one."""
    for line in reversed(lines):
        first, second = line.between
        if (first in one and second in other) or (first in other and second in one):
            return line
    return Line()


def host_of(name: str) -> str:
    """Return the host of a device or relay, as it stands in addresses and as its folder is called.

    A name of which hosts cannot consist leaves what they can, and a hash of all of it.
    """
    host = name.lower().replace(" ", "-")
    if _host.fullmatch(host):
        return host
    kept = _not_of_hosts.sub("-", host).strip("-")
    return f"{kept}-{sha256(host.encode()).hexdigest()[:12]}".lstrip("-")


def ms_of(text: str) -> int:
    """Return the milliseconds of a length of time such as `"1.5h"`, `"3h30m"` or `"-3d"`.

    Raises:
        ValueError: it is none.
    """
    sign, bare = (-1, text[1:]) if text.startswith("-") else (1, text)
    if _lengths.fullmatch(bare) is None:
        raise ValueError(
            f"{text!r} is no length of time; write a number and ms, s, m, h, d or y, such as 90s, 3d or 3h30m"
        )
    return sign * sum(int(float(number) * _UNITS[unit]) for number, unit in _length.findall(bare))
