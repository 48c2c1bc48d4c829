"""Scenarios as TOML: whatever one says, it reads back as the same."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from simulations.reading.reading_toml import parse_scenario
from simulations.reading.writing_toml import toml_of
from simulations.scenario import Branch, Faults, Happening, Line, RelayAt, RuleBetween, Scenario, Work

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40).filter(str.strip)
NAMES = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20).filter(lambda name: name.strip() == name)
RATES = st.floats(0, 1000)


def a_scenario(title: str, about: str, work: Work, at: Work | None, faults: Faults, pune: str) -> Scenario:
    return Scenario(
        title=title,
        about=about,
        lasts="1.5d",
        branches=(Branch(name="@", code="HO", work=at), Branch(name=pune, code="P1", devices=3, open="09:00-21:00")),
        relays=(RelayAt(name="#"),),
        lines=(Line(), Line(between=(pune, "#"), up=False, speed=0.1)),
        work=work,
        faults=faults,
        happenings=(
            Happening(at="1h", do="cut", who=(pune, f"{pune} 2"), lasts="72h"),
            Happening(at="1h", do="lock", until="2026-03-31"),
        ),
    )


@given(
    TEXTS,
    TEXTS,
    st.builds(Work, vouchers=RATES, hot=st.floats(0, 1)),
    st.none() | st.builds(Work, masters=RATES),
    st.builds(Faults, cuts=RATES),
    NAMES.map(lambda name: "P" + name),
)
def test_what_is_written_reads_back_as_the_same(title, about, work, at, faults, pune):
    scenario = a_scenario(title, about, work, at, faults, pune)
    assert parse_scenario(toml_of(scenario), "w") == scenario


def test_what_goes_without_saying_is_left_out_and_the_rest_is_on_one_line_each():
    branches = (Branch(name="Head Office", code="HO"), Branch(name="Pune", code="PUN", work=Work(vouchers=0.0)))
    scenario = Scenario(
        title="A", about="B", lasts="1d", branches=branches, happenings=(Happening(at="1h", do="cut", who=("Pune",)),)
    )
    assert toml_of(scenario, "For\n\nnobody") == (
        '# For\n#\n# nobody\n\ntitle = "A"\nabout = "B"\nlasts = "1d"\n\n[[branches]]\nname = "Head Office"\n'
        'code = "HO"\n\n[[branches]]\nname = "Pune"\ncode = "PUN"\nwork = { vouchers = 0.0 }\n\n'
        '[[happenings]]\nat = "1h"\ndo = "cut"\nwho = ["Pune"]\n'
    )


def test_a_rule_and_a_character_that_toml_wants_escaped():
    branches = tuple(Branch(name=name, code=name[:1]) for name in ("Head", "Pune", "Goa"))
    rules = (RuleBetween(between=("Pune", "Goa"), preset="none", at="2h"),)
    scenario = Scenario(title='\x7f\x00\n"\\', about="नमस्ते ₹", lasts="1d", branches=branches, rules=rules)
    assert tomllib.loads(toml_of(scenario))["title"] == scenario.title
    assert parse_scenario(toml_of(scenario), "w") == scenario
