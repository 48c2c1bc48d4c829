"""What may flow: laws that hold for any patterns, limits and months, and what presets and choices come to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p.agreements import own_scopes
from p2p.errors import BadScope
from p2p.flow import Flow, patterns_of
from p2p.presets import PRESETS, Choice, default_name, patterns, preset_ways
from p2p.scope import Pattern, check_scope

BRANCHES, TYPES, MONTHS = ("ho", "pun", "nag"), ("sales", "receipt"), ("2026-03", "2026-04", "2026-12")
SCOPES = [
    "control/rules",
    "control/keys/00",
    "masters/ledger",
    "masters/stock-item",
    *(f"vouchers/{branch}/{base}/{month}" for branch in BRANCHES for base in TYPES for month in MONTHS),
    *(f"transfers/{pair}/{month}" for pair in ("ho~pun", "ho~nag", "nag~pun") for month in MONTHS),
    *(f"files/{branch}/{month}" for branch in BRANCHES for month in MONTHS),
]
PATTERNS = [
    "**", "masters/**", "masters/ledger", "vouchers/**", "vouchers/*/sales/*", "vouchers/pun/**",
    "vouchers/pun/sales/**", "vouchers/*/*/2026-04", "transfers/**", "transfers/pun~*/**", "transfers/ho~pun/**",
    "files/**", "files/*/2026-04", "control/**",
]  # fmt: skip
lists = st.lists(st.sampled_from(PATTERNS), max_size=4)
flows = st.builds(
    lambda named, within, since: Flow(patterns_of(named), tuple(patterns_of(one) for one in within), since),
    lists,
    st.lists(lists, max_size=2),
    st.sampled_from(("", *MONTHS)),
)


def prefixes(scope: str) -> list[str]:
    parts = scope.split("/")
    return ["", *("/".join(parts[:length]) for length in range(1, len(parts) + 1))]


@given(flows)
def test_where_a_scope_flows_every_path_above_it_is_worth_descending_into(flow):
    for scope in SCOPES:
        if flow.matches(scope):
            assert all(flow.touches(path) for path in prefixes(scope)), scope


@given(flows)
def test_where_a_whole_path_flows_every_scope_below_it_does(flow):
    for scope in SCOPES:
        for path in prefixes(scope):
            if flow.includes(path):
                assert flow.matches(scope) or scope.startswith("control"), (path, scope)


@given(flows)
def test_control_never_flows_by_a_rule(flow):
    assert not any(flow.matches(scope) for scope in SCOPES if scope.startswith("control"))
    assert not flow.touches("control/rules")
    assert not flow.includes("control")


@given(flows, lists)
def test_a_further_limit_never_lets_more_flow(flow, limit):
    narrower = flow._replace(within=(*flow.within, patterns_of(limit)))
    for scope in SCOPES:
        assert not narrower.matches(scope) or flow.matches(scope)


@given(st.permutations(PATTERNS), lists, lists)
def test_a_flow_is_spelled_alike_whatever_order_it_was_put_together_in(named, one, other):
    straight = Flow(patterns_of(PATTERNS), (patterns_of(one), patterns_of(other)))
    mixed = Flow(patterns_of(named), (patterns_of(other[::-1]), patterns_of(one)))
    assert straight.spelled() == mixed.spelled()


def test_a_month_counts_for_what_has_one():
    flow = Flow(patterns_of(["**"]), (), "2026-04")
    assert flow.matches("masters/ledger")
    assert not flow.matches("vouchers/pun/sales/2026-03")
    assert flow.matches("vouchers/pun/sales/2026-04")
    assert not flow.includes("vouchers/pun")


@pytest.mark.parametrize("branch", BRANCHES)
def test_the_own_books_of_a_branch_are_its_vouchers_attachments_and_every_pair_it_is_in(branch):
    for scope in SCOPES:
        root, owner = scope.split("/")[:2]
        mine = (root in ("vouchers", "files") and owner == branch) or (
            root == "transfers" and branch in owner.split("~")
        )
        assert own_scopes(branch).matches(scope) == mine
    assert not any(own_scopes("").matches(scope) for scope in SCOPES)


def reached(texts):
    return {scope for scope in SCOPES if any(Pattern.parse(text).matches(scope) for text in texts)}


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (Choice(), {scope for scope in SCOPES if not scope.startswith("control")}),
        (Choice(masters=("ledger",), types=(), transfers=False, files=False), {"masters/ledger"}),
        (
            Choice(masters=(), branches=("pun",), types=("sales",), transfers=False, files=False),
            {f"vouchers/pun/sales/{month}" for month in MONTHS},
        ),
        (
            Choice(masters=(), branches=("nag",), types=(), files=False),
            {scope for scope in SCOPES if scope.startswith("transfers/") and "nag" in scope},
        ),
    ],
)
def test_a_choice_comes_to_these_scopes(choice, expected):
    assert reached(patterns(choice)) == expected


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_says_the_same_whoever_of_the_two_offers_it(preset):
    down, up = preset_ways(preset, "ho", "pun", "ho"), preset_ways(preset, "pun", "ho", "ho")
    assert (reached(down.sends), reached(down.receives)) == (reached(up.receives), reached(up.sends))
    between = preset_ways(preset, "pun", "nag", "ho")
    assert all(check_scope(scope) for scope in reached(between.sends) | reached(between.receives))


def test_what_cannot_be_part_of_a_scope_is_refused():
    with pytest.raises(BadScope):
        patterns(Choice(masters=("लेजर",)))


def test_a_name_is_made_of_branches_and_preset_and_never_given_twice():
    assert default_name(["Pune"], "everything", []) == "Pune everything"
    taken = ["Pune-Nagpur own-branch", "Pune-Nagpur own-branch 2"]
    assert default_name(["Pune", "Nagpur"], "own-branch", taken) == "Pune-Nagpur own-branch 3"
    assert len(default_name(["P" * 64, "N" * 64], "masters-only", [])) <= 64


@given(st.sampled_from(PATTERNS), st.sampled_from([*PATTERNS, "transfers/nag~*/**", "transfers/*/*", "masters/*"]))
def test_where_two_patterns_meet_lies_what_both_name(one, other):
    first, second = Pattern.parse(one), Pattern.parse(other)
    met = first.meet(second)
    assert met == second.meet(first)
    for scope in SCOPES:
        assert (met is not None and met.matches(scope)) == (first.matches(scope) and second.matches(scope))
