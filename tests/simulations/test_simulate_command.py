"""`khata simulate`: what is asked for, what is printed, and the exit code."""

import json

import pytest
from msgspec import structs

from khata.cli.simulated import as_data, as_list, print_failure, print_seeds, print_shortest, print_story
from simulations.choosing import chosen
from simulations.reading.reading_toml import parse_scenario, read_scenario, shipped, text_of_scenario
from simulations.running_seeds import Outcome
from simulations.shrinking import Shrunk
from simulations.story import Open
from simulations.swarm import draw
from tests.khata.command_line import Run, command_line
from tests.simulations.told_by_seeds import a_story

TINY = """title = "A quarter of an hour"
about = "Whether it runs at all."
lasts = "15m"

[[branches]]
name = "Head Office"
code = "HO"

[[branches]]
name = "Pune"
code = "PUN"

[work]
vouchers = 20.0
alterations = 0.0
hot = 0.0
cancellations = 0.0
masters = 0.0
renames = 0.0
transfers = 0.0
"""


@pytest.fixture
def khata(tmp_path, capsys, monkeypatch) -> Run:
    monkeypatch.chdir(tmp_path)
    return command_line(tmp_path, capsys, monkeypatch)


def test_the_shipped_ones_are_listed_and_shown(khata):
    listed = khata("simulate", "--list")
    assert listed.code == 0
    assert all(name in listed.out for name in shipped())
    assert khata("simulate", "--list", "--json").json[0].keys() == {"name", "title"}
    assert khata("simulate", "--show", "swizzle").out == text_of_scenario("swizzle")
    drawn = khata("simulate", "--show", "swarm", "--seed", "7").out
    assert parse_scenario(drawn, "drawn") == draw(7)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "khata simulate --list"),
        (("swizzle", "--seeds", "9..3"), "write 1..500"),
        (("swizzle", "--seeds", "1..many"), "write them as 1..500"),
        (("swizzle", "--seeds", "-5..3"), "write them as 1..500"),
        (("swizzle", "--seeds", "0..100000"), "100,000 seeds"),
        (("swizzle", "--seeds", "1..2", "--trace"), "single --seed"),
        (("swizzle", "--seeds", "1..2", "--report", "x.html"), "single --seed"),
        (("swizzle", "--trace", "--json"), "--json for programs"),
        (("swizzle", "--seed", "-1"), "--seed"),
        (("swizzle", "--seed", "99999999999999999999999"), "less than or equal to 9223372036854775807"),
        (("swizzle", "--seeds", "1..3", "--seed", "2"), "one of --seed and --seeds"),
        (("swizzle", "--no-shrink", "--save", "a.toml"), "--no-shrink does not look for"),
    ],
)
def test_wrong_usage_ends_with_2(khata, arguments, told):
    ran = khata("simulate", *arguments)
    assert ran.code == 2
    assert told in " ".join(ran.err.replace("│", " ").split())


def test_a_scenario_that_is_wrong_or_not_there_is_told(khata, tmp_path):
    (tmp_path / "wrong.toml").write_text(TINY.replace("Pune", "Head Office"))
    wrong = khata("simulate", "wrong.toml")
    assert wrong.code == 1
    assert wrong.err.startswith('wrong.toml, line 10: two are called "Head Office"')
    assert "did you mean" in khata("simulate", "swizle").err
    assert 'did you mean "swarm"?' in khata("simulate", "swram").err
    assert "there is no file gone.toml" in khata("simulate", "gone.toml").err


def test_a_run_tells_its_figures_and_the_same_seed_gives_the_same_trace(khata, tmp_path):
    (tmp_path / "tiny.toml").write_text(TINY)
    first = khata("simulate", "tiny.toml", "--seed", "3")
    assert first.code == 0, first.out + first.err
    assert "A quarter of an hour (seed 3)" in first.out
    assert "All held that has to hold." in first.out
    second = khata("simulate", "tiny.toml", "--seed", "3", "--json").json
    assert second["held"]
    assert second["trace"] in first.out
    assert second["counted"]["saves"] > 0


def test_a_file_that_cannot_be_written_is_told_before_the_run(khata, tmp_path):
    (tmp_path / "tiny.toml").write_text(TINY)
    (tmp_path / "folder.png").mkdir()
    for arguments, told in (
        (("--report", "gone/tiny.html"), "there is no folder gone; make it"),
        (("--report", "folder"), "folder.png is a folder"),
        (("--save", "gone/least.toml"), "there is no folder gone; make it"),
        (("--seeds", "1..2", "--save", "folder.png"), "folder.png is a folder"),
    ):
        ran = khata("simulate", "tiny.toml", *arguments)
        assert (ran.code, ran.out) == (1, "")
        assert told in ran.err


def test_many_seeds_are_told_together(khata, tmp_path):
    (tmp_path / "tiny.toml").write_text(TINY)
    ran = khata("simulate", "tiny.toml", "--seeds", "1..3", "--jobs", "2", "--json")
    assert ran.code == 0, ran.out + ran.err
    assert [row["seed"] for row in ran.json["seeds"]] == [1, 2, 3]
    assert len({row["trace"] for row in ran.json["seeds"]}) == 3
    assert ran.json["failed"] == []


def test_with_trace_everything_is_printed_while_it_happens(khata, tmp_path):
    (tmp_path / "tiny.toml").write_text(TINY)
    ran = khata("simulate", "tiny.toml", "--trace")
    assert ran.code == 0
    assert "Pune > Head Office" in ran.out or "Head Office > Pune" in ran.out or "Pune:" in ran.out
    assert ran.out.index("Pune") < ran.out.index("A quarter of an hour")


def test_what_cannot_hold_is_a_failure_with_all_that_is_needed_to_look_into_it(khata, tmp_path):
    (tmp_path / "tiny.toml").write_text(TINY + '[expect]\nin_sync_within = "1ms"\n' + APART)
    ran = khata("simulate", "tiny.toml", "--seed", "2", "--save", "shortest.toml")
    assert ran.code == 1
    assert "With seed 2 not all held." in ran.out
    assert "The last events:" in ran.out
    assert "khata simulate shortest.toml --seed 2" in ran.out
    assert "Again: khata simulate tiny.toml --seed 2" in ran.out
    shortest = read_scenario("shortest.toml")
    assert shortest.work.vouchers < 20
    again = khata("simulate", "shortest.toml", "--seed", "2", "--no-shrink", "--json")
    assert again.code == 1
    assert again.json["check"] == khata("simulate", "tiny.toml", "--seed", "2", "--no-shrink", "--json").json["check"]


def test_a_run_that_takes_too_long_is_given_up_and_says_where_it_was(khata):
    ran = khata("simulate", "everything-at-once", "--seconds", "1", "--report", "all.html")
    assert ran.code == 1
    assert "it took longer than 1 s, and was given up; --seconds gives it more" in ran.out
    assert "it was at " in ran.out
    assert "File " not in ran.out
    assert "shortest" not in ran.out + ran.err
    assert "nothing is written to all.html" in ran.err


APART = '[[happenings]]\nat = "1m"\ndo = "cut"\n'


def test_a_story_is_told_in_figures(capsys):
    print_story(a_story(7))
    told = capsys.readouterr().out
    for line in ("Everybody drops off (seed 7)", "1,234", "2 s", "41 s after all was healed", "AGR/26-27/00001"):
        assert line in told
    assert "All held that has to hold." in told
    assert ">" not in told


def test_stock_below_nothing_is_counted_after_what_the_scenario_is_about(capsys):
    below = tuple(Open(name="negative stock", text=f"{item} is below nothing") for item in ("Rice", "Oil"))
    print_story(structs.replace(a_story(7), problems=(*below, Open(name="late voucher", text="Sales 1 was late"))))
    told = capsys.readouterr().out
    assert "problems that need a person: 3" in told
    assert "  late voucher: Sales 1 was late\n  stock below nothing: 2 items\n" in told


def test_a_failure_is_told_before_what_happened_on_a_line_of_its_own(capsys):
    print_story(a_story(7, "numbers"))
    told = capsys.readouterr().out
    assert "type `khata simulate swizzle --seed 7 --no-shrink`.\n\nNo branch was cut off" in told


def test_a_failure_has_the_seed_the_check_the_last_events_the_schedule_and_the_command(capsys):
    outcome = Outcome(seed=7, story=a_story(7, "numbers", "balance"))
    print_failure("my shop.toml", outcome)
    print_shortest("my shop.toml", outcome, Shrunk(read_scenario("swizzle"), 12, True), "")
    told = capsys.readouterr().out
    assert "With seed 7 not all held." in told
    assert "0d 01:02:03 numbers: numbers is wrong" in told
    assert "Agra: saved" in told
    assert "(12 tried)" in told
    assert '[[happenings]]\nat = "3h"\ndo = "swizzle"' in told
    assert "Again: khata simulate 'my shop.toml' --seed 7 --no-shrink\n" in told
    assert told.index("Again:") < told.index("(12 tried)")


@pytest.mark.parametrize(("interrupted", "told"), [(True, "it was interrupted"), (False, "the time for it was over")])
def test_why_no_shorter_schedule_was_looked_for_is_told(capsys, interrupted, told):
    print_shortest("swizzle", FAILED, Shrunk(read_scenario("swizzle"), 12, False, interrupted), "least.toml")
    assert capsys.readouterr().out.splitlines()[1:] == [
        f"The shortest schedule found that still fails so (12 tried, then {told}):",
        "",
        "  least.toml: khata simulate least.toml --seed 3 --no-shrink",
    ]


def test_many_seeds_have_a_line_for_all_and_one_for_each_failure(capsys):
    outcomes = [Outcome(seed=1, story=a_story(1)), Outcome(seed=2, broke="it ended with code 7\nTraceback"), FAILED]
    print_seeds("swarm", outcomes, 10)
    told = capsys.readouterr().out
    assert "3 seeds of swarm (of 10)" in told
    assert "2 failed" in told
    assert "seed 2: breaks: it ended with code 7" in told
    assert "seed 3: numbers: numbers is wrong\n    khata simulate swarm --seed 3 --no-shrink" in told


FAILED = Outcome(seed=3, story=a_story(3, "numbers"))


def test_programs_get_the_story_the_check_and_the_schedule():
    shortest = Shrunk(read_scenario("swizzle"), 12, False)
    one = json.loads(json.dumps(as_data("swarm", FAILED, shortest)))
    assert (one["held"], one["check"], one["trace"]) == (False, "numbers", f"{3:032x}")
    assert one["again"] == "khata simulate swarm --seed 3 --no-shrink"
    assert one["shortest"].startswith("# What is left of swarm")
    many = json.loads(json.dumps(as_list("swarm", [Outcome(seed=1, story=a_story(1)), FAILED], None)))
    assert many["failed"] == [3]
    assert many["seeds"][1]["violations"][0]["check"] == "numbers"


def test_a_scenario_of_a_swarm_is_drawn_from_the_seed_and_any_other_is_read():
    assert chosen("swarm").read is None
    assert chosen("swizzle").scenario(5) == read_scenario("swizzle")
