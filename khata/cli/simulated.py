"""What `khata simulate` prints: the story of one run, of many seeds, and all that a person needs after a failure."""

import os
import shlex
from errno import EACCES, EISDIR
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from crdt_models.errors import KhataError
from khata.cli.frame import print_table, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulations.running_seeds import Outcome
    from simulations.shrinking import Shrunk
    from simulations.story import Story

_EVENTS_SHOWN: Final = 20
_VIOLATIONS_SHOWN: Final = 5
_OPEN_SHOWN: Final = 10


def again(name: str, seed: int) -> str:
    """The command that runs the same again."""
    return f"khata simulate {shlex.quote(name)} --seed {seed} --no-shrink"


def print_story(story: "Story") -> None:
    """Print what happened in one run: in words, in figures, what needs a person, and whether all held."""
    from simulations.reports.words import paragraph

    say(f"{story.title} (seed {story.seed})\n")
    say(" ".join(paragraph(story)) + "\n")
    print_table(("", "> "), _figures(story))
    for what, entries in (("conflicts", story.conflicts), ("problems", story.problems)):
        if entries:
            say(f"\n{what} that need a person: {len(entries)}")
            for entry in entries[:_OPEN_SHOWN]:
                say(f"  {entry.name}: {entry.text}")
            if len(entries) > _OPEN_SHOWN:
                say(f"  and {len(entries) - _OPEN_SHOWN} more; --json lists all")
    if not story.violations:
        say(f"\nAll held that has to hold. Trace {story.trace}")


def print_failure(name: str, outcome: "Outcome") -> None:
    """Print what did not hold with a seed, what happened last, and how to run it again."""
    say(f"\nWith seed {outcome.seed} not all held.")
    if outcome.story is None:
        say(f"  {outcome.broke}")
    else:
        for violation in outcome.story.violations[:_VIOLATIONS_SHOWN]:
            say(f"  {_clock(violation.at)} {violation.check}: {violation.text}")
        more = len(outcome.story.violations) - _VIOLATIONS_SHOWN
        if more > 0:
            say(f"  and {more} more; --json lists all")
        say("\nThe last events:")
        for event in outcome.story.last_events[-_EVENTS_SHOWN:]:
            say(f"  {event}")
    say(f"\nAgain: {again(name, outcome.seed)}")


def print_shortest(name: str, outcome: "Outcome", shrunk: "Shrunk", saved_as: str) -> None:
    """Print the shortest schedule that was found, or where it was saved and how to run it."""
    over = ", then it was interrupted" if shrunk.interrupted else ", then the time for it was over"
    ended = "" if shrunk.done else over
    say(f"\nThe shortest schedule found that still fails so ({shrunk.runs} tried{ended}):\n")
    if saved_as:
        say(f"  {saved_as}: {again(saved_as, outcome.seed)}")
    else:
        say(toml_of_shrunk(name, outcome, shrunk))


def print_seeds(name: str, outcomes: "Sequence[Outcome]", wanted: int) -> None:
    """Print what became of many seeds: a line for all, and a line for each that failed."""
    failed = [outcome for outcome in outcomes if not outcome.held]
    told = f"{len(outcomes):,} seeds of {name}" + (f" (of {wanted:,})" if len(outcomes) < wanted else "")
    seconds = sum(outcome.seconds for outcome in outcomes)
    say(f"{told} in {seconds:,.0f} seconds of one core: " + (f"{len(failed)} failed" if failed else "all held"))
    for outcome in failed:
        words = outcome.broke.splitlines()[0] if outcome.story is None else outcome.story.violations[0].text
        say(f"  seed {outcome.seed}: {outcome.check}: {words}")
        say(f"    {again(name, outcome.seed)}")


def toml_of_shrunk(name: str, outcome: "Outcome", shrunk: "Shrunk") -> str:
    """The shortest schedule as a file: what it is about stands above it."""
    from simulations.reading.writing_toml import toml_of

    heading = f"What is left of {name}: with --seed {outcome.seed} it still fails the check `{outcome.check}`."
    return toml_of(shrunk.scenario, heading)


def check_writable(report: str, save: str) -> None:
    """Find out before a run what would be found out after it.

    Raises:
        KhataError: the libraries that reports need are not installed, or there is no such folder.
        OSError: the report, or the shortest schedule, cannot be written where it is to be.
    """
    from simulations.reports.page import report_files

    for path in (*(report_files(Path(report).expanduser()) if report else ()), *([Path(save)] if save else ())):
        path = path.expanduser()
        if path.is_dir():
            raise IsADirectoryError(EISDIR, os.strerror(EISDIR), str(path))
        if not path.parent.is_dir():
            raise KhataError(f"there is no folder {path.parent}; make it, or write to another one")
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            raise PermissionError(EACCES, os.strerror(EACCES), str(path))


def written_report(story: "Story", file: str) -> list[Path]:
    """Write the report of a run to a file, and a picture beside it; return what was written."""
    from simulations.reports.page import write_report

    return write_report(story, Path(file).expanduser())


def as_data(name: str, outcome: "Outcome", shrunk: "Shrunk | None") -> dict[str, Any]:
    """One run for programs: the whole story, whether all held, and what a failure was shortened to."""
    import msgspec

    story: dict[str, Any] = {} if outcome.story is None else msgspec.to_builtins(outcome.story)
    return story | _judged(outcome) | _shortest(name, outcome, shrunk)


def as_list(name: str, outcomes: "Sequence[Outcome]", shrunk: "Shrunk | None") -> dict[str, Any]:
    """Many seeds for programs: each with its trace and figures."""
    import msgspec

    rows = []
    for outcome in outcomes:
        story = outcome.story
        figures = {} if story is None else {"trace": story.trace, "in_sync": story.in_sync, "counted": story.counted}
        violations = [] if story is None else msgspec.to_builtins(story.violations)
        rows.append(_judged(outcome) | figures | {"violations": violations})
    failed = [outcome for outcome in outcomes if not outcome.held]
    shortest = _shortest(name, failed[0], shrunk) if failed else {}
    return {"scenario": name, "failed": [outcome.seed for outcome in failed], "seeds": rows} | shortest


def _judged(outcome: "Outcome") -> dict[str, Any]:
    told: dict[str, Any] = {"seed": outcome.seed, "held": outcome.held, "seconds": round(outcome.seconds, 3)}
    return told if outcome.held else told | {"check": outcome.check, "broke": outcome.broke}


def _shortest(name: str, outcome: "Outcome", shrunk: "Shrunk | None") -> dict[str, Any]:
    if outcome.held:
        return {}
    return {"again": again(name, outcome.seed)} | (
        {} if shrunk is None else {"shortest": toml_of_shrunk(name, outcome, shrunk)}
    )


def _figures(story: "Story") -> list[tuple[str, str]]:
    """The figures of a run, each with its name."""
    took = sorted(one.everywhere - one.saved for one in story.deliveries if one.everywhere is not None)
    never = len(story.deliveries) - len(took)
    rows = [("simulated", _length(story.ended))]
    rows += [(name.replace("_", " "), f"{count:,}") for name, count in story.counted.items()]
    if took:
        rows.append(("from a save to everywhere, half of them within", _length(took[len(took) // 2])))
        rows.append(("99 of 100 within", _length(took[min(len(took) - 1, len(took) * 99 // 100)])))
        rows.append(("the longest", _length(took[-1])))
    rows.append(("saves that did not get everywhere", f"{never:,}"))
    synced = "never" if story.in_sync is None else f"{_length(story.in_sync - story.lasts)} after all was healed"
    rows.append(("all in sync", synced))
    return rows


def _clock(ms: int) -> str:
    """A moment of a run: days, hours, minutes and seconds since it began."""
    seconds = ms // 1000
    return f"{seconds // 86_400}d {seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _length(ms: int) -> str:
    """A length of time in the two largest units that tell it."""
    units = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s"))
    for (size, unit), (less, lesser) in pairwise(units):
        if ms >= size:
            return f"{ms // size} {unit} {ms % size // less} {lesser}"
    return f"{ms / 1000:.1f} s"
