"""What a run writes down for its story: what people decide leaves marks, and a failure tells what led to it."""

import msgspec

from simulations.running import run
from simulations.scenario import MINUTE, Branch, Expect, Happening, Scenario, Work

WORK = Work(vouchers=60, alterations=0, hot=0, cancellations=0, masters=0, renames=0, transfers=0)
TWO = Scenario(
    title="People decide this and that",
    about="Is it told?",
    start="2026-06-01T09:00",
    lasts="30m",
    branches=(Branch(name="Head Office", code="HO"), Branch(name="Pune", code="PUN")),
    work=WORK,
)


def a_run(*happenings: Happening, expect: Expect = TWO.expect):
    return run(msgspec.structs.replace(TWO, happenings=happenings, expect=expect), 1, "two")


def test_what_people_decide_leaves_marks():
    story = a_run(
        Happening(at="5m", do="alter-same", who=("Head Office", "Pune")),
        Happening(at="10m", do="pause", who=("Pune",), lasts="5m"),
        Happening(at="12m", do="lock", until="2026-05-31"),
        Happening(at="14m", do="unlock"),
        Happening(at="16m", do="unlock"),
        Happening(at="18m", do="slow-disk", who=("Pune",), lasts="1m"),
        Happening(at="20m", do="power-cut", who=("Pune",)),
    )
    assert not story.violations
    told = {(mark.who, mark.text) for mark in story.marks}
    assert {
        ("Pune", "paused synchronizing with everybody"),
        ("Pune", "resumed synchronizing with everybody"),
        ("Head Office", "locked the books up to and with 2026-05-31"),
        ("Head Office", "took away the lock up to and with 2026-05-31"),
        ("Pune", "the disk is fast again"),
    } <= told
    assert sum("as others did at the same moment" in text for _, text in told) == 2
    assert sum(text.startswith("took away") for _, text in told) == 1
    (paused,) = [span for lane in story.lanes for span in lane.spans if span.why == "paused"]
    assert 10 * MINUTE <= paused.begin < 11 * MINUTE
    assert 15 * MINUTE <= paused.end < 16 * MINUTE
    assert (story.counted["crashes"], story.counted["power cuts"]) == (0, 1)


def test_how_long_a_save_took_is_told_besides_without_the_time_that_an_end_was_switched_off():
    story = a_run(Happening(at="10m", do="switch-off", who=("Pune",), lasts="10m"))
    late = [one for one in story.deliveries if one.who == "Head Office" and 11 * MINUTE < one.saved < 19 * MINUTE]
    assert late
    for one in late:
        assert one.last == "Pune"
        assert one.everywhere is not None
        assert one.everywhere >= 20 * MINUTE
        assert one.awake is not None
        assert one.awake < MINUTE


def test_a_check_that_many_saves_failed_is_told_once_and_real_events_before_it():
    cut = Happening(at="10m", do="cut", who=("Pune",), lasts="10m")
    story = a_run(cut, expect=Expect(delivered_within="30s"))
    (one,) = story.violations
    assert one.check == "delivered in time"
    assert "took longer than 30 s to be everywhere; the longest, " in one.text
    said = [event.split("  ")[-1] for event in story.last_events]
    assert said
    assert len(set(said)) == len(said)
    assert not any("delivered in time" in event or event.endswith("in-sync Pune") for event in said)
    assert any(event.startswith("Pune: delivered from Head Office") for event in said)
