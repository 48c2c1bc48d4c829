"""Runs: the same seed is the same run everywhere, and what it tells is what happened."""

import io
import json
import os
import subprocess
import sys

import msgspec

from simulations.running import run
from simulations.scenario import MINUTE, Branch, Expect, Happening, Line, RelayAt, RuleBetween, Scenario, Work

BUSY = Work(vouchers=40, alterations=20, hot=1.0, cancellations=2, masters=4, renames=4, transfers=8, settlements=0)
CUT = Scenario(
    title="Pune is cut off",
    about="For ten minutes.",
    lasts="30m",
    branches=(Branch(name="Head Office", code="HO"), Branch(name="Pune", code="PUN")),
    relays=(RelayAt(name="Cloud"),),
    work=BUSY,
    happenings=(Happening(at="10m", do="cut", who=("Pune",), lasts="10m"),),
)
ELSEWHERE = """
import json, sys
from simulations.running import run
from tests.simulations.test_running import CUT
story = run(CUT, int(sys.argv[1]), "cut")
print(json.dumps([story.trace, story.counted]))
"""


def in_another_process(seed: int, hash_seed: str) -> list[object]:
    """The trace and the counts of a run in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(seed)],
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        check=True,
    )
    found: list[object] = json.loads(done.stdout)
    return found


def test_a_head_office_is_called_as_its_people_write():
    named = msgspec.structs.replace(
        CUT,
        lasts="5m",
        branches=(Branch(name="मुख्यालय", code="HO"), Branch(name="No. 5/2 & Co", code="NO")),
        relays=(RelayAt(name="☁"),),
        happenings=(),
    )
    assert not run(named, 1, "named").violations


def test_a_run_in_which_a_device_can_never_join_ends_with_a_failure():
    alone = msgspec.structs.replace(CUT, lines=(Line(latency="10m"),), relays=(), happenings=())
    story = run(alone, 1, "alone")
    assert [violation.check for violation in story.violations] == ["all are in sync in time"]
    assert "Pune is not running" in story.violations[0].text


def test_a_branch_may_be_open_over_midnight():
    night = msgspec.structs.replace(
        CUT,
        start="2026-06-01T23:50",
        branches=(CUT.branches[0], Branch(name="Bar", code="BAR", open="23:55-00:05")),
        relays=(),
        happenings=(),
    )
    (lane,) = [lane for lane in run(night, 1, "bar").lanes if lane.name == "Bar"]
    closed = [(span.begin / MINUTE, span.end / MINUTE) for span in lane.spans if span.why == "off"]
    assert closed[0][0] < 1
    assert closed[0][1] == 5
    assert closed[1:] == [(15, 30)]


def test_a_seed_gives_the_same_run_in_other_processes_with_other_hash_seeds_and_another_seed_another_one():
    here = run(CUT, 7, "cut")
    assert [in_another_process(7, hash_seed) for hash_seed in ("0", "4711")] == [[here.trace, here.counted]] * 2
    assert run(CUT, 8, "cut").trace != here.trace


def test_what_a_run_tells_is_what_happened():
    out = io.StringIO()
    story = run(CUT, 1, "cut", out)
    assert not story.violations
    assert [(span.why, span.begin, span.end) for lane in story.lanes for span in lane.spans if lane.name == "Pune"][
        -1
    ] == ("cut", 10 * MINUTE, 20 * MINUTE)
    during = [one for one in story.deliveries if one.who == "Pune" and 10 * MINUTE < one.saved < 20 * MINUTE]
    assert during
    assert all(one.everywhere is not None and one.everywhere >= 20 * MINUTE for one in during)
    assert story.lasts == 30 * MINUTE
    assert story.in_sync is not None
    assert "Pune: cut begins" in out.getvalue()
    assert sum(sum(one.bytes) for one in story.traffic) > 10_000


def test_a_business_with_one_device_has_nobody_to_be_in_touch_with():
    story = run(msgspec.structs.replace(CUT, branches=CUT.branches[:1], relays=(), happenings=()), 1, "alone")
    assert not story.violations
    assert story.in_sync is not None


def test_what_is_to_happen_to_somebody_who_is_still_joining_waits_for_them():
    late = msgspec.structs.replace(CUT.branches[1], joins="5m", devices=2)
    happenings = (
        Happening(at="4m", do="switch-off", who=("Head Office",), lasts="11m"),
        Happening(at="10m", do="cut", who=("Pune",), lasts="5m"),
    )
    story = run(msgspec.structs.replace(CUT, branches=(CUT.branches[0], late), happenings=happenings), 1, "late")
    assert not story.violations
    for lane in story.lanes[1:3]:
        joining, cut = sorted(lane.spans, key=lambda span: span.begin)
        assert (joining.why, cut.why, cut.end - cut.begin) == ("not joined", "cut", 5 * MINUTE)
        assert 15 * MINUTE < joining.end <= cut.begin


def test_a_rule_with_somebody_who_never_joins_does_not_keep_the_run_from_ending():
    never = Branch(name="Goa", code="GOA", joins="5m")
    story = run(
        msgspec.structs.replace(
            CUT,
            branches=(*CUT.branches, never),
            rules=(RuleBetween(between=("Pune", "Goa"), preset="everything"),),
            happenings=(Happening(at="4m", do="burn", who=("Head Office",)),),
        ),
        1,
        "never",
    )
    assert {one.text.rpartition(": ")[2] for one in story.violations} == {"Goa is not running"}


def test_what_people_have_to_undo_is_undone_though_their_shop_is_closed_when_all_is_healed():
    shut = msgspec.structs.replace(CUT.branches[1], open="09:00-09:20")
    paused = (Happening(at="10m", do="pause", who=("Pune",)),)
    story = run(msgspec.structs.replace(CUT, branches=(CUT.branches[0], shut), happenings=paused), 1, "shut")
    assert not story.violations


def test_nothing_crashes_after_all_was_healed():
    idle = Work(vouchers=0, alterations=0, cancellations=0, masters=0, renames=0, transfers=0)
    crash = (Happening(at="29m", do="crash", who=("Pune",), lasts="2h"),)
    story = run(msgspec.structs.replace(CUT, work=idle, happenings=crash), 1, "late")
    assert (story.lasts, story.counted["crashes"]) == (30 * MINUTE, 0)


def test_each_copy_of_a_disk_and_each_new_head_office_is_a_machine_of_its_own():
    happenings = (
        Happening(at="2m", do="burn", who=("Head Office",)),
        Happening(at="3m", do="recover", who=("Head Office",)),
        Happening(at="6m", do="recover", who=("Head Office",)),
        Happening(at="9m", do="clone", who=("Pune",)),
        Happening(at="9m", do="clone", who=("Pune",)),
    )
    few = msgspec.structs.replace(CUT, lasts="10m", relays=(), work=Work(), happenings=happenings)
    story = run(msgspec.structs.replace(few, expect=Expect(numbers_twice="any")), 1, "many")
    assert not story.violations
    offices, copies = {"Head Office anew", "Head Office anew 2"}, {"Pune copy", "Pune copy 2", "Pune copy copy"}
    assert {lane.name for lane in story.lanes} == {"Head Office", "Pune"} | offices | copies


def test_what_two_change_at_once_is_listed_and_a_scenario_that_expects_otherwise_fails():
    clash = Scenario(
        title="Two clerks",
        about="One voucher.",
        lasts="12m",
        branches=CUT.branches,
        work=Work(vouchers=60, alterations=0, cancellations=0, masters=0, renames=0, transfers=0),
        happenings=(
            Happening(at="5m", do="cut", who=("Pune",), lasts="5m"),
            Happening(at="6m", do="alter-same", who=("Head Office", "Pune")),
        ),
        expect=Expect(conflicts="some"),
    )
    story = run(clash, 3, "clash")
    assert not story.violations
    assert story.conflicts
    # Neither knows before the line is mended.
    marked = {mark.who for mark in story.marks if mark.kind == "clash" and mark.at >= 10 * MINUTE}
    assert marked == {"Head Office", "Pune"}
    wrong = msgspec.structs.replace(clash, expect=Expect(conflicts="none"))
    assert {one.check for one in run(wrong, 3, "clash").violations} == {"as expected"}
