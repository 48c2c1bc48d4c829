"""Many seeds: each in a process of its own, in order, and whatever becomes of one of them does not harm the others."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from simulations.running_seeds import Outcome, brief, run_seeds
from tests.simulations.told_by_seeds import (
    a_story,
    breaks_with_three,
    counts_itself,
    fails_when_odd,
    hangs_with_two,
    holds,
    leaves_its_disk,
    tells_much,
)


def test_outcomes_come_in_the_order_of_the_seeds_and_each_is_told_once():
    heard: list[int] = []
    outcomes = run_seeds(holds, [5, 3, 9, 3], 2, done=lambda outcome: heard.append(outcome.seed))
    assert [outcome.seed for outcome in outcomes] == [5, 3, 9]
    assert sorted(heard) == [3, 5, 9]
    assert all(outcome.held and outcome.story == a_story(outcome.seed) for outcome in outcomes)


def test_each_seed_begins_in_a_fresh_process():
    assert all(outcome.held for outcome in run_seeds(counts_itself, range(6), 2))


def test_no_further_seed_is_begun_after_so_many_failures():
    outcomes = run_seeds(fails_when_odd, range(1, 100), 1, failures_max=2)
    assert [(outcome.seed, outcome.check) for outcome in outcomes] == [(1, "numbers"), (2, ""), (3, "numbers")]


def test_a_seed_that_breaks_its_process_is_a_failure_with_what_it_said():
    outcomes = {outcome.seed: outcome for outcome in run_seeds(breaks_with_three, range(1, 6), 2)}
    assert [seed for seed, outcome in outcomes.items() if not outcome.held] == [3, 4]
    assert outcomes[3].check == outcomes[4].check == "breaks"
    assert "LookupError: Pune has no books" in outcomes[3].broke
    assert outcomes[4].broke == "it ended with code 7"


def test_a_seed_that_hangs_is_a_failure_that_tells_where_it_was():
    outcomes = {outcome.seed: outcome for outcome in run_seeds(hangs_with_two, range(1, 4), 2, seconds_max=3.0)}
    assert [seed for seed, outcome in outcomes.items() if not outcome.held] == [2]
    assert outcomes[2].check == "takes too long"
    assert outcomes[2].broke.startswith("it took longer than 3 s, and was given up")
    assert "simulations/told_by_seeds.py" in outcomes[2].broke
    assert "in hangs_with_two" in outcomes[2].broke
    assert 'File "' not in outcomes[2].broke


def test_what_a_process_leaves_on_the_disk_goes_with_it():
    (outcome,) = run_seeds(leaves_its_disk, [1], 1)
    disk = Path(outcome.broke.splitlines()[1])
    assert disk.name.startswith("khata-")
    assert not disk.parent.exists()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_whoever_stops_a_run_stops_all_of_its_processes(how):
    """Each of them holds the pipe open; that reading it comes to an end shows that none is left."""
    said = "from simulations.running_seeds import run_seeds; from tests.simulations.told_by_seeds import *; "
    command = [sys.executable, "-c", said + "run_seeds(begins_and_hangs, range(4), 2)"]
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=paths) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(2)] == [b"begun\n"] * 2
        process.send_signal(how)
        left, complaint = process.communicate(timeout=60)
    assert left == b""
    assert complaint.endswith(b"KeyboardInterrupt\n")


def test_a_long_story_comes_back_whole():
    (outcome,) = run_seeds(tells_much, [1], 1)
    assert outcome.story == tells_much(1)
    assert outcome.check == "check 0"


def test_a_brief_story_keeps_what_it_is_judged_by():
    whole = a_story(1, "numbers")
    told = brief(whole)
    assert (told.deliveries, told.violations, told.trace) == ((), whole.violations, whole.trace)


@pytest.mark.parametrize(("outcome", "check"), [(Outcome(seed=1), "breaks"), (Outcome(seed=1, story=a_story(1)), "")])
def test_what_failed_is_named(outcome, check):
    assert outcome.check == check
