"""The tree of scopes: what is a path, what a pattern names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p.errors import BadScope
from p2p.limits import SCOPE_COMPONENT_CHARS_MAX
from p2p.scope import (
    Pattern,
    check_scope,
    files_scope,
    is_keys_scope,
    is_within,
    keys_scope,
    master_scope,
    month,
    slug,
    transfer_scope,
    voucher_scope,
)

components = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,31}", fullmatch=True)
scopes = st.lists(components, min_size=2, max_size=5).map("/".join)


@pytest.mark.parametrize(
    "text",
    [
        "control/chain",
        "masters/ledger",
        "vouchers/pune/sales/2026-04",
        "transfers/ho~pun/2026-04",
        "a/b/c/d/e",
        f"masters/{'x' * SCOPE_COMPONENT_CHARS_MAX}",
    ],
)
def test_what_is_a_scope(text):
    assert check_scope(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "masters",
        "masters/",
        "/masters",
        "masters//ledger",
        "a/b/c/d/e/f",
        "Masters/ledger",
        "masters/led ger",
        "masters/लेजर",
        "masters/..",
        "masters/.hidden",
        "masters/*",
        "masters/a~b",
        "transfers/b~a/2026-04",
        "transfers/a~a/2026-04",
        "transfers/a~b~c/2026-04",
        "transfers/x/a~b",
        "masters/ledger\n",
        "masters/\x00",
        f"masters/{'x' * (SCOPE_COMPONENT_CHARS_MAX + 1)}",
        f"transfers/{'a' * 20}~{'b' * 20}/2026-04",
        "x/" * 100_000,
    ],
)
def test_what_is_not_a_scope(text):
    with pytest.raises(BadScope):
        check_scope(text)


@given(st.text())
def test_any_text_is_a_scope_or_refused(text):
    try:
        scope = check_scope(text)
    except BadScope:
        return
    assert 2 <= len(scope.split("/")) <= 5
    assert scope == scope.lower()
    assert scope.isascii()


@given(scopes, scopes)
def test_a_subtree_holds_what_starts_with_its_path(scope, other):
    root = scope.split("/")[0]
    assert Pattern.parse(f"{root}/**").matches(scope)
    assert Pattern.parse(f"{root}/**").matches(other) == is_within(other, root)
    assert Pattern.parse(scope).matches(other) == (scope == other)
    assert Pattern.parse("**").matches(scope)


@given(scopes, st.data())
def test_a_star_stands_for_one_component(scope, data):
    parts = scope.split("/")
    place = data.draw(st.integers(0, len(parts) - 1))
    starred = Pattern.parse("/".join([*parts[:place], "*", *parts[place + 1 :]]))
    assert starred.matches(scope)
    assert starred.path is None
    longer = f"{scope}/x"
    assert not starred.matches(longer)
    if len(parts) < 5:
        assert Pattern.parse(f"{starred.text}/**").matches(longer)
        assert not Pattern.parse(f"{starred.text}/**").matches(scope)


@given(scopes, scopes, st.data())
def test_a_pattern_touches_every_node_above_and_every_scope_it_matches(scope, other, data):
    stars = [data.draw(st.sampled_from([part, "*"])) for part in scope.split("/")]
    depth = data.draw(st.integers(1, len(stars)))
    pattern = Pattern.parse("/".join([*stars[:depth], "**"]) if depth < len(stars) else "/".join(stars))
    for length in range(len(stars) + 1):
        assert pattern.touches("/".join(scope.split("/")[:length]))
    if pattern.matches(other):
        assert pattern.touches(other)


def test_patterns_do_not_touch_other_subtrees():
    sales = Pattern.parse("vouchers/*/sales/**")
    assert sales.touches("vouchers/pune")
    assert not sales.touches("masters")
    assert not sales.touches("vouchers/pune/purchase")
    assert not sales.touches("vouchers/pune/sales/2026-04/x/y") or sales.matches("vouchers/pune/sales/2026-04")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("masters/**", "masters"),
        ("**", ""),
        ("masters/ledger", "masters/ledger"),
        ("vouchers/pune/**", "vouchers/pune"),
        ("vouchers/*/sales/**", None),
        ("masters/*", None),
        ("transfers/pun~*/**", None),
    ],
)
def test_the_subtree_a_pattern_names(text, path):
    assert Pattern.parse(text).path == path


@pytest.mark.parametrize(
    "text", ["", "/", "**/x", "masters/**/ledger", "mas*/x", "***", "a/b/c/d/e/**", "A", "x" * 999]
)
def test_what_is_not_a_pattern(text):
    with pytest.raises(BadScope):
        Pattern.parse(text)


@pytest.mark.parametrize("text", ["~*", "ho~pun~*", "*~pun", "pun~**", "PUN~*"])
def test_what_is_no_pattern_of_pairs(text):
    with pytest.raises(BadScope):
        Pattern.parse(f"transfers/{text}/**")
    with pytest.raises(BadScope):
        Pattern.parse("vouchers/pun~*/**")


def test_the_pairs_that_a_branch_is_in():
    pattern = Pattern.parse("transfers/pun~*/**")
    assert pattern.matches("transfers/ho~pun/2026-04")
    assert pattern.matches("transfers/pun~satara/2026-04")
    assert not pattern.matches("transfers/ho~satara/2026-04")
    assert not pattern.matches("transfers/ho~pune/2026-04")
    assert not pattern.matches("vouchers/pun/sales/2026-04")
    assert pattern.touches("transfers")
    assert pattern.touches("transfers/ho~pun")
    assert not pattern.touches("transfers/ho~satara")


def test_patterns_are_equal_by_their_text():
    assert Pattern("masters/**") == Pattern.parse("masters/**")
    assert len({Pattern("masters/**"), Pattern("masters/**")}) == 1
    assert repr(Pattern("masters/**")) == "Pattern('masters/**')"


def test_where_things_lie():
    assert voucher_scope("pun", "sales", "2026-04-30") == "vouchers/pun/sales/2026-04"
    assert master_scope("stock-item") == "masters/stock-item"
    assert transfer_scope("pun", "ho", "2026-04-30") == transfer_scope("ho", "pun", "2026-04-01")
    assert transfer_scope("pun", "ho", "2026-04-30") == "transfers/ho~pun/2026-04"
    assert files_scope("pun", "2026-04-30") == "files/pun/2026-04"
    assert keys_scope(bytes(8)) == "control/keys/0000000000000000"
    assert check_scope(keys_scope(b"\xff" * 8))
    assert is_keys_scope(keys_scope(bytes(8)))
    assert not is_keys_scope("control/rules")


@pytest.mark.parametrize("date", ["2026-13-01", "2026-00-01", "2026-04-32", "2026-4-1", "", "20260401", "2026-04-01 "])
def test_what_is_not_a_date(date):
    with pytest.raises(BadScope, match="YYYY-MM-DD"):
        month(date)


@pytest.mark.parametrize(
    ("name", "component"),
    [
        ("Head Office", "head-office"),
        ("PUN", "pun"),
        ("  Café № 2 ", "cafe-no-2"),
        ("x" * 40, "x" * 32),
        ("a-" * 30, ("a-" * 16)[:-1]),
    ],
)
def test_slugs(name, component):
    assert slug(name) == component
    assert check_scope(f"vouchers/{component}")


def test_a_name_without_latin_letters_has_no_slug():
    with pytest.raises(BadScope, match="पुणे"):
        slug("पुणे")
