"""The paragraph at the top of a report, sentence by sentence."""

from msgspec import structs

from simulations.reports.words import failure, paragraph
from simulations.scenario import DAY, HOUR, MINUTE, SECOND
from simulations.story import SET_ASIDE, Open, Span, Violation
from tests.simulations.stories import a_story, failing, lane, mark, pune_cut_off, relay, saved


def test_three_days_without_pune():
    assert " ".join(paragraph(pune_cut_off())) == (
        "Pune was alone for 72 h; 214 entries waited there, and all were everywhere they belong 41 s after the line "
        "came back. After 48 h Head office locked the books up to and with 31 May 2026. Besides, there was 1 crash. "
        "In the end all were in sync, 4 s after everything was healed. "
        "3 conflicts need a person. Nothing was lost."
    )


def test_a_day_on_which_nothing_happens():
    assert paragraph(a_story()) == [
        "No branch was cut off from all others while it was switched on.",
        "In the end all were in sync, as soon as everything was healed.",
        "Nothing needs a person.",
        "Nothing was entered.",
    ]


def test_one_of_each_is_told_in_the_singular():
    story = a_story(
        lanes=(lane("Pune", (HOUR, 2 * HOUR, "cut")),),
        deliveries=(saved(HOUR + MINUTE, "Pune", 2 * HOUR + 5 * SECOND),),
        conflicts=(Open(name="Sales 1", text=""),),
    )
    said = paragraph(story)
    assert said[0] == (
        "Pune was alone for 1 h; 1 entry waited there, and was everywhere it belongs 5 s after the line came back."
    )
    assert "1 conflict needs a person." in said


def test_a_branch_that_was_alone_again_and_again():
    cuts = [(hour * HOUR, hour * HOUR + hour * MINUTE, "cut") for hour in (1, 2, 3)]
    story = a_story(
        lanes=(lane("Pune", *cuts),),
        deliveries=(saved(3 * HOUR, "Pune", 4 * HOUR), saved(3 * HOUR, "Pune", None), saved(1, "Pune", 2)),
    )
    assert paragraph(story)[0] == (
        "Pune was alone 3 times, for 6 min in all and 3 min at the longest; up to 2 entries waited there at a time, "
        "and 1 of them never got everywhere."
    )


def test_only_the_first_branches_are_named():
    lanes = tuple(lane(f"Branch {number}", (0, number * MINUTE, "cut")) for number in range(1, 6))
    assert paragraph(a_story(lanes=lanes))[:4] == [
        "Branch 5 was alone for 5 min; nothing waited there.",
        "Branch 4 was alone for 4 min; nothing waited there.",
        "Branch 3 was alone for 3 min; nothing waited there.",
        "2 other branches were alone too, for 2 min or less each.",
    ]


def test_never_in_sync():
    said = paragraph(a_story(in_sync=None, lasts=DAY, ended=DAY + 15 * MINUTE))
    assert "In the end they were not all in sync, 15 min after everything was healed." in said


def test_what_was_only_on_a_burnt_device_is_said_to_be_lost():
    story = a_story(
        lanes=(lane("Head office", (HOUR, DAY, "gone")), lane("Pune")),
        deliveries=(saved(1, "Head office", None), saved(2, "Head office", None), saved(3, "Pune", None)),
        problems=(Open(name="a", text=""), Open(name="b", text="")),
    )
    said = paragraph(story)
    assert "After 1 h Head office was lost for good." in said
    assert "2 problems need a person." in said
    assert said[-2:] == [
        "2 entries were made on a device that was lost before they were everywhere.",
        "1 entry was not everywhere when the run ended.",
    ]
    assert "Nothing was lost." not in said


def test_further_trouble_is_counted():
    marks = (mark(1, "crash", "A"), mark(2, "crash", "A"), mark(3, "clock", "B"), mark(4, "revoked", "C"))
    said = paragraph(a_story(marks=marks))
    assert "Besides, there were 2 crashes and 1 change of a clock." in said
    assert "Besides, there was 1 crash and 2 changes of clocks." in paragraph(
        a_story(marks=(mark(1, "crash", "A"), mark(2, "clock", "A"), mark(3, "clock", "A")))
    )


def test_a_failure_is_said_first_with_its_seed_and_how_to_see_it_again():
    assert failure(failing()) == [
        "This run failed: 2 things had to hold and did not.",
        "The first was “saves”, 4 days 14 h after the beginning (Fri 5 Jun, 23:00:00): "
        "Sales PUN/26-27/00099 of Pune is not at Head office.",
        "The seed is 4711; to see it again, type `khata simulate 'my scenarios/pune.toml' --seed 4711 --no-shrink`.",
    ]
    said = paragraph(failing())
    assert "1 entry was not everywhere when the run ended." in said
    assert "Nothing was lost." not in said


def test_one_failure_is_told_in_the_singular():
    said = failure(a_story(violations=(Violation(at=0, check="balance", text="Sales 1 is off by ₹1.00."),)))
    assert said[:2] == [
        "This run failed: one thing that always has to hold did not.",
        "It was “balance”, 0 ms after the beginning (Mon 1 Jun, 09:00:00): Sales 1 is off by ₹1.00.",
    ]


def test_what_the_scenario_expects_does_not_always_have_to_hold():
    one = Violation(at=HOUR, check="as expected", text="no conflict is listed anywhere")
    assert failure(a_story(violations=(one, one))) == [
        "This run failed: one thing that this scenario expects was not so.",
        "It was found 1 h after the beginning (Mon 1 Jun, 10:00:00): no conflict is listed anywhere.",
        "The seed is 7; to see it again, type `khata simulate quiet-day --seed 7 --no-shrink`.",
    ]


def test_what_waited_is_told_whatever_the_cause():
    shut = lane("Head office", (10 * HOUR, 20 * HOUR, "off"))
    late = saved(11 * HOUR, "Pune", 20 * HOUR + SECOND)
    for other, last, reason in (
        (lane("Delhi"), "Delhi", "Head office was switched off"),
        (lane("Delhi", (0, 21 * HOUR, "paused")), "Delhi", "Delhi had paused"),
        (lane("Delhi", (11 * HOUR, 20 * HOUR, "off")), "Delhi", "Delhi was switched off"),
    ):
        story = a_story(lanes=(shut, lane("Pune"), other), deliveries=(structs.replace(late, last=last),))
        assert paragraph(story)[0] == f"At Pune an entry waited for 9 h, mostly while {reason}."


def test_a_relay_that_is_down_is_a_cause():
    down = structs.replace(relay("Cloud"), spans=(Span(begin=0, end=5 * HOUR, why="crashed"),))
    late = [saved(hour * HOUR, "Pune", 5 * HOUR + SECOND) for hour in (1, 2)]
    late = [structs.replace(one, last="Delhi", awake=SECOND) for one in late]
    assert paragraph(a_story(lanes=(lane("Pune"), lane("Delhi"), down), deliveries=tuple(late)))[0] == (
        "At Pune up to 2 entries waited at a time, one for 4 h, mostly while Cloud was not running; "
        "while both ends were switched on, none took longer than 1 s."
    )


def test_where_nothing_explains_it_that_something_waited_is_told_all_the_same():
    story = a_story(lanes=(lane("Pune"), lane("Delhi")), deliveries=(saved(0, "Pune", HOUR),))
    assert paragraph(story)[0] == "At Pune an entry waited for 1 h."


def test_a_stolen_laptop():
    story = a_story(
        lanes=(lane("Pune"), lane("Pune 2", (HOUR, 9 * HOUR, "cut"), branch="Pune")),
        marks=(mark(5 * HOUR, "revoked", "Pune 2", "shut out"),),
        deliveries=(saved(2 * HOUR, "Pune 2", 9 * HOUR + 5),),
        counted={SET_ASIDE: 60},
    )
    said = paragraph(story)
    assert said[0] == "Pune 2 was alone for 8 h; 1 entry waited there, and it was shut out before the line came back."
    assert "After 5 h Pune 2 was shut out." in said
    assert said[-2:] == [
        "60 changes of devices that were shut out count nowhere until somebody lets them.",
        "Nothing else was lost.",
    ]


def test_the_recovery_and_who_came_later_are_told():
    story = a_story(
        marks=(
            mark(MINUTE, "joined", "Kochi"),
            mark(5 * HOUR, "joined", "Bhuj"),
            mark(6 * HOUR, "recovered", "Kochi anew", "in the place of Kochi, with what Bhuj has", "Bhuj"),
        ),
    )
    assert paragraph(story)[1:3] == [
        "After 5 h Bhuj joined.",
        "After 6 h Kochi anew came in the place of Kochi, with what Bhuj has.",
    ]


def test_what_needs_a_person_is_told_by_what_it_is():
    problems = [Open(name=name, text="") for name in ("late voucher", "late voucher", "negative stock", "same name")]
    said = paragraph(a_story(problems=tuple(problems), conflicts=(Open(name="Sales 1", text=""),)))
    assert "1 conflict, 2 late vouchers, 1 other problem and the stock of 1 item below nothing need a person." in said


def test_what_waited_elsewhere_for_a_branch_that_was_cut_off_is_not_told_again_though_shops_were_closed_too():
    night = (10 * HOUR, 24 * HOUR, "off")
    late = structs.replace(saved(9 * HOUR, "Kolkata", 30 * HOUR), last="Indore")
    story = a_story(
        lanes=(lane("Kolkata", night), lane("Indore", (8 * HOUR, 29 * HOUR, "cut"), night), lane("Guwahati", night)),
        deliveries=(late,),
    )
    assert paragraph(story)[0] == "Indore was alone for 21 h; nothing waited there."
    assert not any(sentence.startswith("At Kolkata") for sentence in paragraph(story))
