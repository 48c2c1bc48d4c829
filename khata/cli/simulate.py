"""Simulations: `khata simulate`, what happens to the books of many branches when things go wrong."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from khata.cli.frame import FAILED, AsJson, complain, print_json, print_table, progress, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulations.choosing import Chosen
    from simulations.running_seeds import Outcome
    from simulations.shrinking import Shrunk

_SEED = 1
_SEED_MAX = 2**63 - 1
_SEEDS_MAX = 100_000
_TELL_SECONDS = 60
_SECONDS_OF_ONE = 7_200
_SECONDS_OF_MANY = 600
_SECONDS_OF_SHRINKING = 300


def simulate(
    scenario: Annotated[
        str, typer.Argument(help="The name of one that comes with khata, a TOML file, or `swarm`: drawn from the seed.")
    ] = "",
    seed: Annotated[
        int | None,
        typer.Option("--seed", min=0, max=_SEED_MAX, show_default="1", help="Decides all that is left to chance."),
    ] = None,
    seeds: Annotated[
        str, typer.Option("--seeds", metavar="A..B", help="Run many seeds, such as 1..500, or 7 alone, as many are.")
    ] = "",
    jobs: Annotated[
        int, typer.Option("--jobs", min=0, max=256, show_default=False, help="How many at once; default: one a core.")
    ] = 0,
    report: Annotated[str, typer.Option("--report", help="Write what happened as FILE.html and FILE.png.")] = "",
    trace: Annotated[bool, typer.Option("--trace", help="Print everything that happens, while it does.")] = False,
    shrink: Annotated[
        bool, typer.Option("--shrink/--no-shrink", help="After a failure, look for the shortest schedule that fails.")
    ] = True,
    save: Annotated[str, typer.Option("--save", help="Write that schedule to a TOML file.")] = "",
    failures: Annotated[
        int, typer.Option("--failures", min=0, help="Begin no further seed after so many failures; 0: run all.")
    ] = 10,
    seconds: Annotated[
        int,
        typer.Option(
            "--seconds", min=0, show_default=False, help="Give up on a seed after so many; default: 600, alone 7200."
        ),
    ] = 0,
    listed: Annotated[bool, typer.Option("--list", help="List the scenarios that come with khata.")] = False,
    show: Annotated[
        str, typer.Option("--show", metavar="NAME", help="Print the TOML of a scenario; of `swarm`, that of --seed.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Try what happens to the books of many branches when lines, machines and people fail: in one process, on a clock
    that runs as fast as it can, with the code that runs everywhere else.

    Says in words what happened, how long vouchers took to be everywhere, and whether all held that has to. The same
    seed gives the same run. If something does not hold, the exit code is 1, and you get the seed, the command that
    runs it again, the last events, and the shortest schedule that still fails. How to write a scenario:
    docs/simulations.md.

    Examples:
      khata simulate --list
      khata simulate branch-offline-three-days --report pune.html
      khata simulate --show branch-offline-three-days > mine.toml
      khata simulate mine.toml --seed 7
      khata simulate swarm --seeds 1..500 --jobs 2
    """
    from khata.cli.simulated import check_writable

    if listed:
        _list(as_json)
    elif show:
        _show(show, _SEED if seed is None else seed)
    elif not scenario:
        raise typer.BadParameter("name a scenario; `khata simulate --list` has some", param_hint="SCENARIO")
    elif save and not shrink:
        raise typer.BadParameter("--save writes what --no-shrink does not look for", param_hint="--save")
    elif seeds:
        if seed is not None:
            raise typer.BadParameter("name one of --seed and --seeds", param_hint="--seeds")
        if report or trace:
            raise typer.BadParameter("--report and --trace are for a single --seed", param_hint="--seeds")
        check_writable("", save)
        _many(scenario, _range(seeds), jobs, failures, seconds or _SECONDS_OF_MANY, shrink, save, as_json)
    else:
        if trace and as_json:
            raise typer.BadParameter("--trace prints for people, and --json for programs", param_hint="--trace")
        check_writable(report, save)
        _one(
            scenario, _SEED if seed is None else seed, seconds or _SECONDS_OF_ONE, report, trace, shrink, save, as_json
        )


def _list(as_json: bool) -> None:
    from simulations.reading.reading_toml import SWARM, read_scenario, shipped

    rows = [(name, read_scenario(name).title) for name in shipped()]
    rows.append((SWARM, "Whatever the seed draws: branches, rules and faults"))
    if as_json:
        print_json([{"name": name, "title": title} for name, title in rows])
    else:
        print_table(("Name", "What it is about"), rows)


def _show(name: str, seed: int) -> None:
    from simulations.reading.reading_toml import SWARM, text_of_scenario

    if name == SWARM:
        from simulations.reading.writing_toml import toml_of
        from simulations.swarm import draw

        sys.stdout.write(toml_of(draw(seed), f"What a swarm draws from seed {seed}."))
    else:
        sys.stdout.write(text_of_scenario(name))


def _range(text: str) -> range:
    """The seeds `1..500` or `7`."""
    first, _, last = text.partition("..")
    numbers = (first.strip(), (last or first).strip())
    if not all(number.isascii() and number.isdecimal() and len(number) <= 12 for number in numbers):
        raise typer.BadParameter(f"{text!r} are no seeds; write them as 1..500", param_hint="--seeds")
    found = range(int(numbers[0]), int(numbers[1]) + 1)
    if not 1 <= len(found) <= _SEEDS_MAX:
        raise typer.BadParameter(f"{text!r} are no 1 to {_SEEDS_MAX:,} seeds; write 1..500", param_hint="--seeds")
    return found


def _one(name: str, seed: int, seconds: int, report: str, trace: bool, shrink: bool, save: str, as_json: bool) -> None:
    from khata.cli.simulated import as_data, print_failure, print_shortest, print_story, written_report
    from simulations.choosing import chosen
    from simulations.plain import replay
    from simulations.running_seeds import Outcome, run_seeds

    what = chosen(name)
    if trace:
        try:
            outcome = Outcome(seed=seed, story=what.run(seed, sys.stdout))
        except ExceptionGroup as group:
            if group.subgroup(BrokenPipeError) is None:
                complain(f"the run broke; again: {replay(name, seed)} --trace")
            raise
    else:
        with progress(f"simulating {name}"):
            (outcome,) = run_seeds(what.whole, [seed], 1, seconds)
    written = written_report(outcome.story, report) if outcome.story is not None and report else []
    if report and not written:
        complain(f"nothing is written to {report}, for the run did not come to its end")
    if not as_json:
        if outcome.story is not None:
            print_story(outcome.story)
        if not outcome.held:
            print_failure(name, outcome)
        for path in written:
            say(f"written: {path}")
    shrunk = _shortened(what, outcome, shrink, save)
    if as_json:
        print_json(as_data(name, outcome, shrunk))
    elif shrunk is not None:
        print_shortest(name, outcome, shrunk, save)
    if not outcome.held:
        raise typer.Exit(FAILED)


def _many(
    name: str, seeds: range, jobs: int, failures: int, seconds: int, shrink: bool, save: str, as_json: bool
) -> None:
    import os

    from khata.cli.simulated import as_list, print_failure, print_seeds, print_shortest
    from simulations.choosing import chosen
    from simulations.running_seeds import run_seeds

    what = chosen(name)
    with progress(f"simulating {name}") as bar:
        bar.show(0, len(seeds))
        heard = _now_and_then(len(seeds), lambda: bar.advance(1))
        outcomes = run_seeds(what.brief, seeds, jobs or len(os.sched_getaffinity(0)), seconds, failures, heard)
    failed = [outcome for outcome in outcomes if not outcome.held]
    if not as_json:
        print_seeds(name, outcomes, len(seeds))
        if failed:
            print_failure(name, failed[0])
    shrunk = _shortened(what, failed[0], shrink, save) if failed else None
    if as_json:
        print_json(as_list(name, outcomes, shrunk))
    elif shrunk is not None:
        print_shortest(name, failed[0], shrunk, save)
    if failed:
        raise typer.Exit(FAILED)


def _now_and_then(seeds: int, done: "Callable[[], None]") -> "Callable[[Outcome], None]":
    """Return what hears of each outcome; where no progress can be shown it says every minute how far it is."""
    import time

    told, outcomes = [time.monotonic()], list["Outcome"]()

    def heard(outcome: "Outcome") -> None:
        done()
        outcomes.append(outcome)
        if not sys.stderr.isatty() and time.monotonic() - told[0] >= _TELL_SECONDS:
            told[0] = time.monotonic()
            failed = sum(not one.held for one in outcomes)
            complain(f"{len(outcomes):,} of {seeds:,} seeds, {failed:,} failed")

    return heard


def _shortened(what: "Chosen", outcome: "Outcome", shrink: bool, save: str) -> "Shrunk | None":
    """Look for the shortest schedule that fails the same check, if this one fails any; write it where that is asked."""
    import time
    from pathlib import Path

    from khata.cli.simulated import toml_of_shrunk
    from simulations.choosing import fails_like
    from simulations.running_seeds import TAKES_TOO_LONG
    from simulations.shrinking import SECONDS_MAX
    from simulations.shrinking import shrink as shrunk_of

    if outcome.held or not shrink or outcome.check == TAKES_TOO_LONG:
        return None
    # What is left out makes no run longer; this is for a machine that is busy with something else by now.
    patience = min(SECONDS_MAX, max(10.0, 1.5 * outcome.seconds))
    failed_at = outcome.story.violations[0].at if outcome.story is not None else 0
    complain(
        f"looking for the shortest schedule that fails, for up to {_SECONDS_OF_SHRINKING // 60} minutes; Ctrl-C ends "
        "it with the shortest so far"
    )
    with progress("looking for the shortest schedule that fails") as bar:
        fails = fails_like(outcome, what.name, patience, lambda: bar.advance(1))
        shrunk = shrunk_of(
            what.scenario(outcome.seed), fails, time.monotonic, seconds_max=_SECONDS_OF_SHRINKING, failed_at=failed_at
        )
    if save:
        Path(save).expanduser().write_text(toml_of_shrunk(what.name, outcome, shrunk), encoding="utf-8")
    return shrunk


COMMANDS = {"simulate": simulate}
