"""What is written down while a run goes on: marks, spans, and when each commit came where. The story is made of it."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final, NamedTuple

from crdt_models.packing import Value
from simulations.clocks import elapsed_ms
from simulations.story import Kind, Mark, Span, Violation
from simulations.trace import Trace


class Seen(NamedTuple):
    """What a person was looking at: all up to a row of the commits there, but what could not be opened.

    `entries` is how many entries the control chain had there.
    """

    row: int
    unread: frozenset[bytes]
    entries: int


FAULTS_MAX: Final = 20
"""So many are enough to know that something is wrong."""
CALLS_MAX: Final = 200
"""So many conversations of two within ten minutes are a storm, whatever happens to their line."""
_CALLS_MS: Final = 600_000


class Meant(NamedTuple):
    """What a person meant a register of a document to be; of a posting, the amounts of its entries as texts."""

    document: bytes
    register: str
    value: Value | tuple[str, ...]


class Saved(NamedTuple):
    """A save that was acknowledged to a person: where, when, in which commits, in words, what they had seen and meant.

    Attributes:
        meant: of what was saved, as much as is looked at.
    """

    device: str
    at: int
    commits: tuple[bytes, ...]
    text: str
    seen: Seen
    meant: tuple[Meant, ...] = ()


class Log:
    """Everything that the story of a run is made of.

    Attributes:
        came: for each commit id, when it became durable at which device; the first is its author's.
        saved: what people were told is saved.
        joined: when each device and relay became one of the company's.
        refusals: how often something that people wanted to save was refused.
        last_events: what happened before the first thing that did not hold.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.marks: list[Mark] = []
        self.spans: dict[str, list[Span]] = {}
        self.came: dict[bytes, dict[str, int]] = {}
        self.saved: list[Saved] = []
        self.violations: list[Violation] = []
        self.joined: dict[str, int] = {}
        self.refusals = 0
        self.last_events: tuple[str, ...] = ()
        self._calls: dict[tuple[str, str, int], int] = {}
        self._begun: dict[tuple[str, str], int] = {}

    def mark(self, kind: Kind, who: str, text: str = "", other: str = "", count: int = 1) -> None:
        """Something happened at a device."""
        at = elapsed_ms()
        if kind in ("joined", "recovered", "cloned"):
            self.joined.setdefault(who, at)
        self.marks.append(Mark(at=at, kind=kind, who=who, text=text, other=other, count=count))
        what, whom = "" if kind == "other" else kind, f"from {other}" if kind == "delivered" else other
        said = " ".join(part for part in (what, text, whom) if part)
        # Of being in sync a device tells by itself.
        (self.trace.take if kind == "in-sync" else self.trace.note)(at, who, said)

    def say(self, who: str, text: str) -> None:
        """Something happened that only the trace tells."""
        self.trace.note(elapsed_ms(), who, text)

    def refused(self, who: str, why: str) -> None:
        """What somebody wanted to save was refused."""
        self.refusals += 1
        self.say(who, f"not done: {why}")

    def violated_all(self, faults: Iterable[tuple[str, str]]) -> None:
        """Several things that have to hold do not: each with the check, and a sentence. The first few are enough."""
        for check, text in islice(faults, FAULTS_MAX):
            self.violated(check, text)

    def violated(self, check: str, text: str) -> None:
        """Something that has to hold does not."""
        self.last_events = self.last_events or self.trace.last_events()
        self.violations.append(Violation(at=elapsed_ms(), check=check, text=text))
        self.trace.note(elapsed_ms(), check, text)

    def was_there(self, device: str, at: int) -> bool:
        """Whether a device belonged to the company at a moment."""
        return self.joined.get(device, at + 1) <= at

    def connected(self, who: str, peer: str) -> None:
        """A conversation has begun; two that begin them over and over waste every line and battery."""
        calls = (who, peer, elapsed_ms() // _CALLS_MS)
        self._calls[calls] = self._calls.get(calls, 0) + 1
        if self._calls[calls] == CALLS_MAX:
            self.violated("calls die down", f"{who} and {peer} began {CALLS_MAX} conversations within ten minutes")

    def begin(self, who: str, why: str) -> None:
        """From now on a device is away; `why` as in `Span`."""
        self._begun.setdefault((who, why), elapsed_ms())

    def end(self, who: str, why: str) -> None:
        """It is no more, for this reason."""
        began = self._begun.pop((who, why), None)
        if began is not None:
            self.spans.setdefault(who, []).append(Span(begin=began, end=elapsed_ms(), why=why))

    def end_all(self) -> None:
        """The run is over: what still goes on ends now."""
        for who, why in list(self._begun):
            self.end(who, why)

    def everywhere(self, saved: Saved) -> int | None:
        """When the last device had it that got it in the end and belonged to the company then; None: it got nowhere.

        Who may have it is not asked: that it has come to all who may is what the checks have found.
        """
        reached = {device for commit in saved.commits for device in self.came.get(commit, {})}
        is_alone = not any(self.was_there(device, saved.at) for device in self.joined if device != saved.device)
        there = self.came_to(saved)
        return max(there.values(), default=saved.at) if len(reached) > 1 or is_alone else None

    def came_to(self, saved: Saved) -> dict[str, int]:
        """When which device had it, of those that belonged to the company when it was saved."""
        came = {device: at for commit in saved.commits for device, at in self.came.get(commit, {}).items()}
        return {device: at for device, at in came.items() if device == saved.device or self.was_there(device, saved.at)}

    def arrived(self, device: str, commits: Sequence[bytes], source: str, text: str = "") -> None:
        """Commits have become durable at a device; `source` is from whom, empty for its own."""
        at = elapsed_ms()
        for commit in commits:
            self.came.setdefault(commit, {}).setdefault(device, at)
        if source:
            self.mark("delivered", device, text, source, len(commits))
