"""Reading scenarios: what is right becomes one, and every mistake is told with its line and what would be right."""

import re
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulations.reading.reading_toml import (
    FILE_BYTES_MAX,
    MISTAKES_TOLD_MAX,
    BadScenario,
    parse_scenario,
    read_scenario,
    scenario_file,
    shipped,
    text_of_scenario,
)
from simulations.reading.sense import sense_mistakes
from simulations.reading.shape import shape_mistakes
from simulations.reading.writing_toml import toml_of
from simulations.scenario import Branch, Scenario, device_names, host_of, ms_of

SHOP = """title = "A shop"
about = "Whether it works"
lasts = "2d"

[[branches]]
name = "Head Office"
code = "HO"

[[branches]]
name = "Pune"
code = "PUN"
devices = 2
"""
"""Twelve lines that are right; what a test adds begins at line 13."""


def mistakes(added: str, base: str = SHOP) -> list[str]:
    """What is told of a scenario, without the name of the file."""
    with pytest.raises(BadScenario) as caught:
        parse_scenario(base + added, "shop.toml")
    told = str(caught.value).splitlines()
    assert all(line.startswith(("shop.toml, line ", "and ")) for line in told), told
    return [line.removeprefix("shop.toml, ") for line in told]


def test_a_scenario_is_read():
    scenario = parse_scenario(SHOP, "shop.toml")
    assert scenario == Scenario(
        title="A shop",
        about="Whether it works",
        lasts="2d",
        branches=(Branch(name="Head Office", code="HO"), Branch(name="Pune", code="PUN", devices=2)),
    )


def test_the_work_of_a_branch_is_that_of_everywhere_but_for_what_it_names():
    scenario = parse_scenario(SHOP + "[branches.work]\nmasters = 5\n[work]\nvouchers = 1.5\n", "shop.toml")
    assert scenario.branches[1].work is not None
    assert (scenario.branches[1].work.masters, scenario.branches[1].work.vouchers) == (5.0, 1.5)
    assert scenario.work.masters == 0.2


def replaced(old: str, new: str) -> str:
    assert old in SHOP
    return SHOP.replace(old, new)


WRONG_SHAPES = [
    (replaced("title", "titel"), 'line 1: a scenario has no `titel`; did you mean "title"?'),
    (replaced('title = "A shop"\n', ""), "line 1: a scenario needs `title`"),
    (replaced('"2d"', "3"), 'line 3: `lasts` is a number; write it in quotes, such as "3d"'),
    (replaced('code = "PUN"\n', ""), "line 9: [[branches]] needs `code`"),
    (replaced("devices = 2", 'devices = "two"'), 'line 12: `devices` is the text "two"; write a whole number'),
    (replaced("devices = 2", "devices = 2.5"), "line 12: `devices` is the number 2.5; write a whole number"),
    (replaced("devices = 2", "devices = true"), "line 12: `devices` is true; write a whole number"),
    (replaced("devices", "device"), 'line 12: [[branches]] has no `device`; did you mean "devices"?'),
    (SHOP + 'rule = "everythin"\n', 'line 13: `rule` cannot be "everythin"; did you mean "everything"?'),
    (SHOP + 'rule = "Everything"\n', 'did you mean "everything"?'),
    (SHOP + "start = 2026-06-01T09:00:00\n", "line 13: [[branches]] has no `start`"),
    ("start = 2026-06-01T09:00:00\n" + SHOP, "line 1: `start` is a date without quotes; write it in quotes"),
    (SHOP + "[branches.work]\nvouchers = 'many'\n", 'line 14: `vouchers` is the text "many"; write a number'),
    (SHOP + "[work]\nvoucher = 3\n", 'line 14: [work] has no `voucher`; did you mean "vouchers"?'),
    (SHOP + "[[work]]\nvouchers = 3\n", "line 13: `work` is a list of 1; it is a table: [work], in single brackets"),
    (SHOP + "[rules]\n", "line 13: `rules` is a table; each of the rules is a table of its own: [[rules]]"),
    (SHOP + '[[happenings]]\nat="1h"\ndo="kut"\n', 'line 15: `do` cannot be "kut"; did you mean "cut"?'),
    (SHOP + '[[happenings]]\nat="1h"\ndo="cut"\nwho="Pune"\n', 'line 16: `who` is the text "Pune"; write a list'),
    (
        SHOP + '[[happenings]]\nat="1h"\ndo="cut"\nwho=["Pune", 3]\n',
        "line 16: `who` is a number; write a text",
    ),
    (SHOP + '[[happenings]]\ndo="lock"\nuntil=2026-03-31\n', "line 15: `until` is a date without quotes"),
    (SHOP + '[[lines]]\nbetween=["Pune"]\n', "line 14: `between` is a list of 1; write two names"),
    (SHOP + "[[lines]]\nup='no'\n", 'line 14: `up` is the text "no"; write true or false'),
    (SHOP + "[expect]\nconflicts = 'few'\n", 'line 14: `conflicts` cannot be "few"; there is any, none, some'),
    ("branches = []\n" + SHOP.partition("[[")[0], None),
]


@pytest.mark.parametrize(("text", "told"), [pair for pair in WRONG_SHAPES if pair[1]])
def test_what_no_scenario_has_is_told_with_its_line(text, told):
    assert any(told in line for line in mistakes("", text)), mistakes("", text)


def happening(lines: str) -> str:
    return f'[[happenings]]\nat = "1h"\n{lines}\n'


WRONG_SENSE = [
    ('[[relays]]\nname = "Pune 2"\n', 'line 14: two are called "Pune 2"'),
    ('[[branches]]\nname = "pune"\ncode = "X"\n', 'line 14: two are called "Pune"'),
    ('[[branches]]\nname = "Goa"\ncode = "pun"\n', "line 15: the code \"PUN\" is Pune's already"),
    ('[[branches]]\nname = "Goa"\ncode = "PUN2"\n', 'line 15: the code "PUN2" is that of a further device of Pune'),
    ('[[branches]]\nname = "Goa"\ncode = "PANJIM"\n', 'line 15: "PANJIM" is no code'),
    ('[[branches]]\nname = " Goa"\ncode = "GOA"\n', 'line 14: " Goa" cannot be a name'),
    ('[[branches]]\nname = "*"\ncode = "GOA"\n', 'line 14: "*" cannot be a name'),
    ('[[branches]]\nname = "Goa\\u0000"\ncode = "GOA"\n', 'line 14: "Goa\x00" cannot be a name'),
    ('[[branches]]\nname = "गोवा"\ncode = "A"\n[[branches]]\nname = "गोवा"\ncode = "B"\n', "line 17: two are called"),
    ('[[branches]]\nname = "pune-2"\ncode = "X"\n', 'line 14: two are called "Pune 2"'),
    ('[[branches]]\nname = "Goa"\ncode = "GOA"\ndevices = 10\n', "line 16: Goa has 10 devices; write 1 to 9"),
    ('[[branches]]\nname = "Goa"\ncode = "GOA"\ndevices = 0\n', "line 16: Goa has 0 devices; write 1 to 9"),
    ('[[branches]]\nname = "Goa"\ncode = "GOA"\ndevices = 100000000\n', "line 16: Goa has 100000000 devices"),
    ('[[branches]]\nname = "Goa"\ncode = "GOA"\ndevices = 9' + "9" * 400, "line 16: `devices` is a number far larger"),
    ("[work]\nvouchers = 9" + "9" * 400, "line 14: `vouchers` is a number far larger"),
    ('joins = "2d"\n', 'line 13: `joins` is "2d"; it may be at most just under 2d, when the scenario ends'),
    ('open = "09:00-09:00"\n', 'line 13: "09:00-09:00" are no hours'),
    ('open = "9-21"\n', 'line 13: "9-21" are no hours'),
    ('[[lines]]\nbetween=["Pune","*"]\nup=false\n', "line 15: Pune has no way to Head Office"),
    ("[[relays]]\nname='R'\n[[lines]]\nup=false\n", "line 16: Pune has no way to Head Office"),
    (
        '[[lines]]\nbetween=["Pune","*"]\nup=false\n[[lines]]\nbetween=["*","Pune"]\nspeed=9\n',
        "line 16: * and Pune have a line already, which this one would undo",
    ),
    (happening('do="unlock"'), "line 13: `unlock` needs a `lock` at an earlier `at`"),
    (happening('do="resume"\nwho=["Pune"]'), "line 13: `resume` of Pune needs a `pause` of it at an earlier `at`"),
    (happening('do="burn"\nwho=["Pune"]') + happening('do="cut"\nwho=["Pune 2"]'), "line 20: Pune 2 has burnt by then"),
    (
        "joins='3h'\n[[branches]]\nname='Goa'\ncode='G'\n" + happening('do="burn"\nwho=["Head Office"]'),
        "line 13: joining needs Head Office, which has burnt by then: let it `recover`",
    ),
    (
        happening('do="burn"\nwho=["Head Office"]') + happening('do="lock"\nuntil="2026-03-31"'),
        "line 17: `lock` needs Head Office, which has burnt by then",
    ),
    ("[branches.work]\nhot = 1.5\n", "line 14: `hot` is 1.5; it may be 0 to 1"),
    ("[work]\nvouchers = -1\n", "line 14: `vouchers` is -1; it may be 0 to 1,000"),
    ("[work]\nvouchers = nan\n", "line 14: `vouchers` is nan"),
    ("[work]\nvouchers = inf\n", "line 14: `vouchers` is inf"),
    ("[faults]\ncuts = -0.5\n", "line 14: `cuts` is -0.5; it may be 0 to 1,000"),
    (
        "[work]\nvouchers = 900\nalterations = 900\n[[branches]]\nname = 'Goa'\ncode = 'GOA'\ndevices = 9\n",
        "line 3: 1,037,146 saves, each at 12 devices, are more than can be simulated",
    ),
    (happening('do = "flap"\nevery = "5ms"'), 'line 16: `every` is "5ms"; it may be at least 1s'),
    ('[faults]\nlasting = "0s"\n', 'line 14: `lasting` is "0s"; it may be at least 1ms'),
    ('[expect]\nin_sync_within = "soon"\n', "line 14: `in_sync_within`: 'soon' is no length of time"),
    ('[[rules]]\nbetween=["Pune","Pune"]\npreset="none"\n', "line 14: a rule is between two branches"),
    ('[[rules]]\nbetween=["Pune","Punne"]\npreset="none"\n', 'line 14: no branch here is called "Punne"; did'),
    ('[[rules]]\nbetween=["Pune","Pune 2"]\npreset="none"\n', 'line 14: no branch here is called "Pune 2"'),
    ('[[rules]]\nbetween=["Pune","Head Office"]\npreset="none"\n', "line 14: every branch has a rule with Head Office"),
    ('[[lines]]\nbetween=["*","Pnue"]\n', 'line 14: nobody here is called "Pnue"; did you mean "Pune"?'),
    ('[[lines]]\nbetween=["Pune 2","Pune 2"]\n', "line 14: a line is between two devices, and both are Pune 2"),
    ('[[lines]]\njitter="-3s"\n', 'line 14: `jitter` is "-3s"; it may be at least 0s'),
    ("[[lines]]\nspeed = 0\n", "line 14: `speed` is 0; it may be 0.1 to 10,000,000"),
    ('[[happenings]]\nat="2d"\ndo="cut"\n', 'line 14: `at` is "2d"; it may be at most just under 2d'),
    ('[[happenings]]\nat="an hour"\ndo="cut"\n', "line 14: `at`: 'an hour' is no length of time"),
    (happening('do="cut"\nwho=["Pun"]'), 'line 16: nobody here is called "Pun"; did you mean "Pune"?'),
    (happening('do="cut"\nwho=["Pune"]\nother=["Pune"]'), "line 17: `who` and `other` are both Pune"),
    (happening('do="cut"\nlasts="0s"'), 'line 16: `lasts` is "0s"'),
    (happening('do="cut"\nby="3d"'), "line 16: `cut` has no `by`; it is for clock-jump, clock-drift"),
    (happening('do="lock"'), "line 13: `lock` needs `until`"),
    (happening('do="lock"\nuntil="2026-02-30"'), 'line 16: "2026-02-30" is no date'),
    (happening('do="lock"\nuntil="31.3.2026"'), 'line 16: "31.3.2026" is no date'),
    (happening('do="lock"\nuntil="2026-03-31"\nwho=["Pune"]'), "line 17: `lock` is done by head office"),
    (happening('do="flap"'), "line 13: `flap` needs `every`"),
    (happening('do="clock-jump"\nby="2000y"'), 'line 16: `by` is "2000y"; it may be at most 100y'),
    (happening('do="revoke"\nwho=["Head Office"]'), "line 16: Head Office is who revokes"),
    (happening('do="revoke"'), "line 13: `revoke` needs `who`"),
    (happening('do="rule"\nwho=["Pune"]\nother=["Pune 2"]'), "line 17: `rule` is between two branches"),
    (happening('do="restore"\nwho=["Pune"]'), "line 13: `restore` of Pune needs a `back-up`"),
    (happening('do="burn"\nwho=["Pune"]') + happening('do="recover"\nwho=["Pune"]'), "line 20: only head office"),
    (happening('do="burn"\nwho=["Head Office", "Pune"]'), "line 16: nobody else has the books by then"),
    (happening('do="recover"\nwho=["Head Office"]'), "line 13: `recover` of Head Office needs a `burn`"),
    ('joins="3h"\n' + happening('do="cut"\nwho=["Pune"]'), "line 17: Pune is not there yet"),
    ('[[relays]]\nname="Cloud"\n' + happening('do="revoke"\nwho=["Cloud"]'), "line 18: Cloud is a relay"),
]  # fmt: skip


@pytest.mark.parametrize(("added", "told"), WRONG_SENSE)
def test_what_makes_no_sense_is_told_with_its_line(added, told):
    found = mistakes(added)
    assert any(line.startswith(told) for line in found), found


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"2d"', '"2 days"', "line 3: `lasts`: '2 days' is no length of time"),
        ('"2d"', '"367d"', 'line 3: `lasts` is "367d"; it may be at most 1y'),
        ('"2d"', '"0s"', 'line 3: `lasts` is "0s"; it may be at least 1ms'),
        ('"A shop"', '""', "line 1: `title` is 0 characters long"),
        ('code = "HO"', 'code = "HO"\njoins = "1h"', "line 8: the first branch is the head office"),
        ('code = "HO"', 'code = "HO"\nrule = "none"', "line 8: the first branch is the head office"),
        ('about = "', 'start = "2026-13-01T09:00"\nabout = "', 'line 2: "2026-13-01T09:00" is no date with a time'),
    ],
)
def test_what_the_beginning_says_wrong_is_told(old, new, told):
    found = mistakes("", replaced(old, new))
    assert any(line.startswith(told) for line in found), found


@pytest.mark.parametrize(
    "name", ["मुख्यालय", "Hauptstraße", "Mumbai 🏬", "No. 5/2 & Co", "/etc/khata", "..", "Goa:1", "-"]
)
def test_a_shop_may_have_any_name_and_its_host_is_one_that_addresses_and_folders_can_have(name):
    scenario = parse_scenario(SHOP.replace("Pune", name), "shop.toml")
    hosts = [host_of(one) for one in device_names(scenario.branches[1])]
    assert len(set(hosts)) == 2
    assert all(re.fullmatch("[a-z0-9][a-z0-9-]*", host) for host in hosts)


def test_a_name_of_which_hosts_can_consist_is_the_host():
    assert host_of("Gomti Nagar 2") == "gomti-nagar-2"


def test_a_restore_after_a_back_up_of_the_same_is_right():
    text = SHOP + happening('do="back-up"') + '[[happenings]]\nat="2h"\ndo="restore"\nwho=["Pune"]\n'
    assert len(parse_scenario(text, "shop.toml").happenings) == 2


def test_a_time_before_the_beginning_is_one_mistake():
    text = "joins='3h'\n[[happenings]]\nat='-1h'\ndo='cut'\nwho=['Pune']\n"
    assert mistakes(text) == ['line 15: `at` is "-1h"; it may be at least 0s']


@pytest.mark.parametrize(
    ("length", "ms"),
    [("3h30m", 12_600_000), ("1.5h", 5_400_000), ("-1d 2h", -93_600_000), ("1s500ms", 1500), ("2 m", 120_000)],
)
def test_a_length_of_time_may_have_several_units(length, ms):
    assert ms_of(length) == ms


@pytest.mark.parametrize("length", ["", "3", "h", "3h ", "3h30", "--3h", "3h-30m", "3h,30m"])
def test_what_is_no_length_of_time_is_told(length):
    with pytest.raises(ValueError, match="such as 90s, 3d or 3h30m"):
        ms_of(length)


@pytest.mark.parametrize(
    ("added", "told"),
    [
        ('name = "twice"\n', "`name` is there already, and can be there but once"),
        ("[work]\n[work]\n", "`[work]` is there already, and can be there but once"),
        ('rule = "none\n', "a text that begins with a quote has no quote at its end"),
        ("rule = 'none\n", "a text that begins with a quote has no quote at its end"),
        ('rule = """none\n', "a text that begins with a quote has no quote at its end"),
    ],
)
def test_what_is_no_toml_is_told_in_words(added, told):
    assert f": {told}; this is no TOML" in mistakes(added)[0]


@pytest.mark.parametrize(
    "added",
    [
        "[[relays]]\nname='R'\n[[lines]]\nup=false\n[[lines]]\nbetween=['*','R']\n",
        "[[branches]]\nname='Goa'\ncode='G'\n[[lines]]\nbetween=['Pune','Head Office']\nup=false\n",
        "open='22:00-04:00'\n",
        happening('do="burn"\nwho=["Head Office"]')
        + '[[happenings]]\nat="2h"\ndo="recover"\nwho=["Head Office"]\nother=["Pune"]\n'
        + '[[happenings]]\nat="3h"\ndo="crash"\nwho=["Head Office"]\n',
    ],
)
def test_what_may_look_wrong_and_is_not_is_read(added):
    assert parse_scenario(SHOP + added, "shop.toml").title == "A shop"


def test_there_are_bounds_on_how_many_there_are():
    many = "".join(f'[[branches]]\nname = "B{number}"\ncode = "X{number}"\n' for number in range(59))
    assert mistakes(many) == [f"line {13 + 3 * 58}: there are 61 branches; at most 60 can be simulated"]
    assert "line 1513: there are 501 happenings" in mistakes('[[happenings]]\nat="1h"\ndo="reset"\n' * 501)[0]
    assert "needs at least one branch" in mistakes("", "branches = []\n" + SHOP.partition("[[")[0])[0]


def test_all_mistakes_are_told_in_the_order_of_lines_and_no_more_than_anybody_reads():
    found = mistakes("[work]\n" + "".join(f"a{number} = 1\n" for number in range(MISTAKES_TOLD_MAX + 5)))
    assert len(found) == MISTAKES_TOLD_MAX + 1
    assert found[0].startswith("line 14: [work] has no `a0`")
    assert found[-1] == "and 5 more mistakes"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("title = \n", 1),
        (SHOP + "[[happenings]\n", 13),
        (SHOP + 'name = "twice"\n', 13),
        (SHOP + 'about = """no end', 13),
        (SHOP + "number = 1__0\n", 13),
    ],
)
def test_what_is_no_toml_is_told_with_its_line(text, line):
    (told,) = mistakes("", text)
    assert told.startswith(f"line {line}: ")
    assert told.endswith("; this is no TOML")


@pytest.mark.parametrize("text", ["a = " + "[" * 5000, "a = " + "9" * 5000, "x." * 3000 + "y = 1"])
def test_what_is_written_to_break_a_reader_is_told_as_any_mistake(text):
    with pytest.raises(BadScenario, match=r"^shop\.toml"):
        parse_scenario(text, "shop.toml")


@given(st.text(max_size=60), st.integers(0, len(SHOP)))
def test_whatever_is_typed_into_it_is_read_or_told(typed, place):
    text = SHOP[:place] + typed + SHOP[place:]
    with suppress(BadScenario):
        assert toml_of(parse_scenario(text, "shop.toml"))


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.sampled_from(["Pune", "1h", "cut"])
)
TABLES = st.recursive(
    VALUES,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["name", "code", "at", "do", "who", "between", "work", "x"]), inner, max_size=4
        )
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["branches", "lines", "rules", "work", "happenings", "expect"]), TABLES))
def test_what_has_the_right_shape_can_be_converted_and_judged(tables):
    whole = {"title": "x", "about": "y", "lasts": "1d", "branches": [{"name": "A", "code": "A"}]} | tables
    if not list(shape_mistakes(whole)):
        list(sense_mistakes(msgspec.convert(whole, Scenario)))


def test_a_file_is_read_whatever_editor_wrote_it(tmp_path):
    path = tmp_path / "shop.toml"
    path.write_bytes(b"\xef\xbb\xbf" + SHOP.replace("\n", "\r\n").encode())
    assert read_scenario(str(path)).title == "A shop"


def test_what_is_no_text_or_too_large_is_told(tmp_path):
    path = tmp_path / "shop.toml"
    path.write_bytes(SHOP.encode() + b"# \xff\n")
    with pytest.raises(BadScenario, match="line 13: this is not text in UTF-8"):
        read_scenario(str(path))
    path.write_bytes(b"#" * (FILE_BYTES_MAX + 1))
    with pytest.raises(BadScenario, match="larger than 256 KiB"):
        read_scenario(str(path))


def test_a_name_is_a_shipped_one_or_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").write_text(SHOP)
    assert read_scenario("mine").title == "A shop"
    assert scenario_file("swizzle") == shipped()["swizzle"]
    with pytest.raises(BadScenario, match='no scenario and no file "swizle"; did you mean "swizzle"'):
        scenario_file("swizle")
    with pytest.raises(FileNotFoundError):
        text_of_scenario("none.toml")
