"""Stories that are told without a world, and the tasks that tell them in other processes."""

import os
import threading

from simulations.folders import temporary_folder
from simulations.story import Delivery, Open, Story, Violation


def a_story(seed: int, *failed: str, scenario: str = "swizzle") -> Story:
    """A run in which a voucher got everywhere; `failed` are the checks that did not hold."""
    return Story(
        scenario=scenario,
        title="Everybody drops off",
        about="One by one.",
        seed=seed,
        clock_start=0,
        lasts=86_400_000,
        in_sync=86_441_000,
        ended=86_450_000,
        lanes=(),
        marks=(),
        deliveries=(
            Delivery(saved=1000, who="Agra", everywhere=3000, what="Sales AGR/26-27/00001"),
            Delivery(saved=2000, who="Agra", everywhere=None, what="Sales AGR/26-27/00002"),
        ),
        step_ms=60_000,
        traffic=(),
        conflicts=(Open(name="AGR/26-27/00001", text="narration: 2 versions"),),
        problems=(),
        violations=tuple(Violation(at=3_723_000, check=check, text=f"{check} is wrong") for check in failed),
        trace=f"{seed:032x}",
        counted={"saves": 2, "commits": 1_234},
        last_events=("0d 01:02:03  Agra: saved",),
    )


def holds(seed: int) -> Story:
    """Tell of a run in which all held."""
    return a_story(seed)


def fails_when_odd(seed: int) -> Story:
    """Tell of a run in which something did not hold with odd seeds."""
    return a_story(seed, *(["numbers"] if seed % 2 else []))


def breaks_with_three(seed: int) -> Story:
    """Break with one seed by an error, and end the process without a word with another."""
    if seed == 3:
        raise LookupError("Pune has no books")
    if seed == 4:
        os._exit(7)
    return a_story(seed)


def hangs_with_two(seed: int) -> Story:
    """Never come back with one seed."""
    if seed == 2:
        threading.Event().wait()
    return a_story(seed)


def leaves_its_disk(seed: int) -> Story:
    """Say where its disk lies, and end the process without removing it."""
    folder = temporary_folder()
    os.write(2, folder.name.encode())
    os._exit(7)


def begins_and_hangs(seed: int) -> Story:
    """Say that it has begun, and never come back."""
    os.write(1, b"begun\n")
    threading.Event().wait()
    return a_story(seed)


def tells_much(seed: int) -> Story:
    """Tell more than a pipe holds."""
    return a_story(seed, *(f"check {number}" for number in range(20_000)))


def counts_itself(seed: int) -> Story:
    """Fail when another seed ran in the same process before."""
    _ran.append(seed)
    return a_story(seed, *(["not fresh"] if len(_ran) > 1 else []))


_ran: list[int] = []
