"""What `khata simulate` prints: the story of one run, of many seeds, and all that a person needs after a failure."""

import os
from errno import EACCES, EISDIR
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from crdt_models.errors import KhataError
from khata.cli.frame import print_table, say
from simulations.plain import counted, length, replay

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulations.running_seeds import Outcome
    from simulations.shrinking import Shrunk
    from simulations.story import Story

_EVENTS_SHOWN: Final = 20
_VIOLATIONS_SHOWN: Final = 5
_OPEN_SHOWN: Final = 10


def print_story(story: "Story") -> None:
    """Print what happened in one run: in words, in figures, what needs a person, and whether all held."""
    from simulations.reports.settling import in_order
    from simulations.reports.words import failure, paragraph

    say(f"{story.title} (seed {story.seed})\n")
    for sentences in (failure(story), paragraph(story)):
        if sentences:
            say(" ".join(sentences) + "\n")
    print_table(("", ">"), _figures(story))
    for what, count, entries in (
        ("conflicts", len(story.conflicts), story.conflicts),
        ("problems", len(story.problems), in_order(story.problems)),
    ):
        if entries:
            say(f"\n{what} that need a person: {count:,}")
            for entry in entries[:_OPEN_SHOWN]:
                say(f"  {entry.name}: {entry.text}")
            if len(entries) > _OPEN_SHOWN:
                say(f"  and {len(entries) - _OPEN_SHOWN:,} more; --json lists all")
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
    say(f"\nAgain: {replay(name, outcome.seed)}")


def print_shortest(name: str, outcome: "Outcome", shrunk: "Shrunk", saved_as: str) -> None:
    """Print the shortest schedule that was found, or where it was saved and how to run it."""
    over = ", then it was interrupted" if shrunk.interrupted else ", then the time for it was over"
    ended = "" if shrunk.done else over
    say(f"\nThe shortest schedule found that still fails so ({shrunk.runs} tried{ended}):\n")
    if saved_as:
        say(f"  {saved_as}: {replay(saved_as, outcome.seed)}")
    else:
        say(toml_of_shrunk(name, outcome, shrunk))


def print_seeds(name: str, outcomes: "Sequence[Outcome]", wanted: int) -> None:
    """Print what became of many seeds: a line for all, and a line for each that failed."""
    failed = [outcome for outcome in outcomes if not outcome.held]
    told = f"{counted(len(outcomes), 'seed')} of {name}" + (f" (of {wanted:,})" if len(outcomes) < wanted else "")
    seconds = sum(outcome.seconds for outcome in outcomes)
    say(
        f"{told} in {counted(round(seconds), 'second')} of one core: "
        + (f"{len(failed)} failed" if failed else "all held")
    )
    for outcome in failed:
        words = outcome.broke.splitlines()[0] if outcome.story is None else outcome.story.violations[0].text
        say(f"  seed {outcome.seed}: {outcome.check}: {words}")
        say(f"    {replay(name, outcome.seed)}")


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
    return {"again": replay(name, outcome.seed)} | (
        {} if shrunk is None else {"shortest": toml_of_shrunk(name, outcome, shrunk)}
    )


def _figures(story: "Story") -> list[tuple[str, str]]:
    """The figures of a run, each with its name."""
    from simulations.reports.figures import spread

    every = spread(story.deliveries)
    rows = [("simulated", length(story.ended))]
    rows += [(name.replace("_", " "), f"{count:,}") for name, count in story.counted.items()]
    for says, took in (
        ("from a save to everywhere, half of them within", every.half),
        ("99 of 100 within", every.most),
        ("99 of 100, while both ends were switched on", every.awake),
        ("the longest", every.longest),
    ):
        if took is not None:
            rows.append((says, length(took)))
    rows.append(("saves that were not everywhere within the run", f"{every.never:,}"))
    synced = "never" if story.in_sync is None else f"{length(story.in_sync - story.lasts)} after all was healed"
    rows.append(("all in sync", synced))
    return rows


def _clock(ms: int) -> str:
    """A moment of a run: days, hours, minutes and seconds since it began."""
    seconds = ms // 1000
    return f"{seconds // 86_400}d {seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
