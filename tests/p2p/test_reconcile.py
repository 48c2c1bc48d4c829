"""Two trees, messages between them, nothing else: afterwards each side has named exactly what it lacks and may take."""

import hashlib
from bisect import bisect_left, bisect_right

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from p2p.messages import Answer
from p2p.reconcile import Pull, Wanted, answer, sending_order
from p2p.scope import Pattern
from p2p.share import Share, View, by_branch
from p2p.tree import EMPTY, Tree, digest_of, digits_of, scope_of

ALL = (Pattern.parse("masters/**"), Pattern.parse("vouchers/**"))
SCOPES = (
    "masters/ledger",
    "masters/group",
    "vouchers/pune/sales/2026-04",
    "vouchers/pune/sales/2026-05",
    "vouchers/ho/receipt/2026-04",
)
Sets = dict[str, set[bytes]]


def commit_id(number: int) -> bytes:
    return hashlib.sha256(number.to_bytes(8, "big")).digest()


def view_of(sets: Sets, takes: tuple[Pattern, ...] = ALL) -> View:
    ordered = {scope: sorted(inside) for scope, inside in sets.items()}

    def ids(node: str) -> list[bytes]:
        digits = digits_of(node)
        inside = ordered.get(scope_of(node), [])
        low = bisect_left(inside, bytes.fromhex(digits.ljust(64, "0")))
        return inside[low : bisect_right(inside, bytes.fromhex(digits.ljust(64, "f")))]

    digests = {scope: digest_of(inside) for scope, inside in sets.items() if inside}
    return View(Share(b"", ALL, takes), by_branch(digests), 0, ids)


class Found:
    """What one pull came to."""

    def __init__(self) -> None:
        self.wanted: list[Wanted] = []
        self.bytes = 0
        self.rounds = 0

    def lacking(self, theirs: Sets) -> set[bytes]:
        found: set[bytes] = set()
        for node, prefixes in self.wanted:
            for scope, inside in theirs.items():
                if prefixes is None and (scope == node or scope.startswith(node + "/")):
                    found |= inside
                elif scope == scope_of(node) and prefixes is not None:
                    found |= {one for one in inside if one[:8] in prefixes}
        return found


def pull(mine: View, theirs: View, settled: set[tuple[str, bytes, bytes]] | None = None) -> tuple[Pull, Found]:
    asking = Pull(mine, lambda *pair: pair in (settled or set()))
    found, ask = Found(), asking.start()
    while not asking.done:
        found.rounds += 1
        assert found.rounds < 40
        answers = [page for node in ask for page in answer(theirs, node)]
        found.bytes += len(msgspec.msgpack.encode(ask)) + len(msgspec.msgpack.encode(answers))
        ask, wanted = asking.answered(answers)
        found.wanted.extend(wanted)
    return asking, found


sets_of_numbers = st.dictionaries(st.sampled_from(SCOPES), st.sets(st.integers(0, 3000), max_size=150))


@given(sets_of_numbers, sets_of_numbers, sets_of_numbers)
@settings(max_examples=150, deadline=None)
def test_each_side_finds_exactly_what_it_lacks(
    both: dict[str, set[int]], left: dict[str, set[int]], right: dict[str, set[int]]
) -> None:
    def union(one: dict[str, set[int]]) -> Sets:
        return {
            scope: {commit_id(SCOPES.index(scope) * 10_000 + n) for n in both.get(scope, set()) | one.get(scope, set())}
            for scope in SCOPES
        }

    ours, theirs = union(left), union(right)
    for mine, other in ((ours, theirs), (theirs, ours)):
        asking, found = pull(view_of(mine), view_of(other))
        lacking = set().union(*other.values()) - set().union(*mine.values())
        assert found.lacking(other) - set().union(*mine.values()) == lacking
        assert asking.theirs == view_of(other).digest("").short


def test_bytes_stay_under_a_bound_of_the_difference() -> None:
    """A difference of d among n commits of one scope costs at most 1,300 bytes for each of d and each level of n."""
    scope = SCOPES[2]
    everything = {scope: {commit_id(n) for n in range(20_000)}}
    for missing in (1, 10, 100):
        some = {scope: everything[scope] - {commit_id(n) for n in range(missing)}}
        _, found = pull(view_of(some), view_of(everything))
        assert len(found.lacking(everything)) == missing
        assert found.bytes < 1_000 + missing * 3 * 1_300
        assert found.rounds <= 5


def test_an_empty_side_wants_whole_subtrees_in_one_round() -> None:
    full = {scope: {commit_id(SCOPES.index(scope) * 1000 + n) for n in range(200)} for scope in SCOPES}
    _, found = pull(view_of({}), view_of(full))
    assert found.rounds == 1
    assert all(wanted.prefixes is None for wanted in found.wanted)
    assert found.bytes < 600


def test_what_may_not_be_taken_is_not_wanted() -> None:
    full = {scope: {commit_id(SCOPES.index(scope) * 1000 + n) for n in range(100)} for scope in SCOPES}
    _, found = pull(view_of({}, takes=(Pattern.parse("masters/**"),)), view_of(full))
    assert {scope_of(wanted.node).split("/")[0] for wanted in found.wanted} == {"masters"}


def test_a_pair_compared_to_the_end_is_passed_over_next_time() -> None:
    """One-way rules leave digests unequal for ever; comparing them again costs nothing once they were settled."""
    ours = {SCOPES[0]: {commit_id(n) for n in range(500)}}
    theirs = {SCOPES[0]: {commit_id(n) for n in range(400)}}
    first, found = pull(view_of(ours), view_of(theirs))
    assert not found.wanted
    assert first.compared
    settled = {(pair.node, pair.mine, pair.theirs) for pair in first.compared}
    _, again = pull(view_of(ours), view_of(theirs), settled)
    assert not again.wanted
    assert again.rounds < found.rounds or again.bytes < found.bytes


def test_answers_that_do_not_fit_their_question_are_passed_over() -> None:
    asking = Pull(view_of({}), lambda *_: False)
    asking.start()
    ask, wanted = asking.answered([Answer("vouchers", bytes(16), 9, parts=[("/x", bytes(16), 9)])])
    assert (ask, wanted, asking.done) == ([], [], False)
    parts = [("masters", bytes(16), 1), ("", bytes(16), 1), ("masters/../x/", bytes(16), 1), ("/etc", bytes(16), 1)]
    ask, wanted = asking.answered([Answer("", bytes(16), 9, parts=parts)])
    assert [one.node for one in wanted] == ["masters"]
    assert asking.done


def test_many_parts_come_in_pages() -> None:
    full = {f"masters/kind{n}": {commit_id(n)} for n in range(2500)}
    pages = answer(view_of(full), "masters")
    assert [len(page.parts or ()) for page in pages] == [1024, 1024, 452]
    assert [page.more for page in pages] == [True, True, False]
    _, found = pull(view_of({"masters/kind7": {commit_id(7)}}), view_of(full))
    assert len(found.lacking(full)) == 2499


def test_masters_go_first_and_the_newest_month_before_older_ones() -> None:
    scopes = [
        "files/ho/2026-04",
        "vouchers/ho/sales/2026-04",
        "vouchers/ho/sales/2026-05",
        "masters/unit",
        "masters/group",
    ]
    assert sending_order(scopes) == [
        "masters/group",
        "masters/unit",
        "vouchers/ho/sales/2026-05",
        "vouchers/ho/sales/2026-04",
        "files/ho/2026-04",
    ]


def test_a_tree_adds_up_whatever_the_order() -> None:
    tree = Tree({})
    assert tree.digest("") == EMPTY
    ids = [commit_id(n) for n in range(20)]
    for number, one in enumerate(ids):
        tree.add(SCOPES[number % 5], digest_of([one]))
    assert tree.digest("") == digest_of(ids)
    assert tree.digest("vouchers/pune").size == 8
    assert tree.children("vouchers") == ["vouchers/ho", "vouchers/pune"]
    assert tree.scopes("vouchers/pune") == list(SCOPES[2:4])
