"""A transfer shows what those have set who may, in any order; who may not changes nothing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt_models.document import Document
from crdt_models.errors import BadValue
from crdt_models.saves import pack_save
from crdt_models.transfers import (
    CANCELLED,
    DISPATCH,
    KIND,
    RECEIPT,
    ROUTE,
    FoldedTransfer,
    Leg,
    Route,
    Stray,
    fold_transfer,
    may_write,
    pair_of,
    read_leg,
    read_route,
)
from crdt_models.vouchers import Entry, Posting

SCOPE = "transfers/nagpur~pune/2026-08"
PUNE, NAGPUR, SURAT, STRANGER = b"p" * 8, b"n" * 8, b"s" * 8, b"x" * 8
BRANCHES = {PUNE: "pune", NAGPUR: "nagpur", SURAT: "surat"}
ROUTE_VALUE = {"from": "pune", "to": "nagpur", "carries": "cash"}
LEG = {"posting": {"base": "payment", "type": b"t" * 16, "date": "2026-08-01"}, "number": "PUN/26-27/00001"}

Arrival = tuple[bytes, bytes, int, bytes]


def a_save(name: str, author: bytes, time: int = 1, parents: str = "", **values: Any) -> Arrival:
    """A save called by one letter, whose parents are letters too."""
    return _id(name), author, time, pack_save(values, [_id(parent) for parent in parents], "asha")


def _id(letter: str) -> bytes:
    return letter.encode() * 16


def folded(*saves: Arrival, scope: str = SCOPE) -> FoldedTransfer:
    document = Document(scope, KIND, b"d" * 16)
    for save in saves:
        document.add(*save)
    return fold_transfer(document, lambda author: BRANCHES.get(author, ""))


SENT = a_save("a", PUNE, route=ROUTE_VALUE, dispatch=LEG)
RECEIVED = a_save("b", NAGPUR, 2, "a", receipt={**LEG, "number": "NAG/26-27/00001"})


def test_each_branch_writes_its_own_leg():
    found = folded(SENT, RECEIVED)
    assert found.route == Route(sender="pune", receiver="nagpur", carries="cash")
    assert found.complete
    assert not found.cancelled
    assert not found.strays
    assert set(found.folded.values) == {ROUTE, DISPATCH, RECEIPT}


@pytest.mark.parametrize(
    ("register", "author"),
    [(DISPATCH, NAGPUR), (RECEIPT, PUNE), (CANCELLED, NAGPUR), (DISPATCH, SURAT), (RECEIPT, SURAT), ("new", STRANGER)],
)
def test_what_another_branch_sets_is_passed_over_and_listed(register: str, author: bytes):
    stray = a_save("c", author, 9, "ab", **{register: True})
    found = folded(SENT, RECEIVED, stray)
    assert found.folded.values == folded(SENT, RECEIVED).folded.values
    assert found.strays == (Stray(register, author),)
    assert not found.cancelled
    assert not found.folded.conflicts


def test_a_register_of_a_newer_version_is_kept_where_either_branch_sets_it():
    found = folded(SENT, a_save("c", NAGPUR, 2, "a", eway="7"))
    assert found.folded.values["eway"] == "7"
    assert not found.strays


def test_a_route_stays_as_it_was_made():
    turned = a_save("c", PUNE, 9, "a", route={**ROUTE_VALUE, "from": "nagpur", "to": "pune"})
    other = a_save("e", NAGPUR, 9, "", route={**ROUTE_VALUE, "from": "nagpur", "to": "pune"})
    for later in (turned, other):
        found = folded(SENT, RECEIVED, later)
        assert found.route == folded(SENT).route
        assert found.folded.values[ROUTE] == ROUTE_VALUE
        assert [stray.register for stray in found.strays] == [ROUTE]


def test_a_cancellation_is_never_undone():
    cancelled = a_save("c", PUNE, 2, "a", cancelled=True)
    undone = a_save("e", PUNE, 3, "c", cancelled=False)
    apart = a_save("f", PUNE, 4, "a", cancelled=False)
    assert not folded(SENT).cancelled
    for saves in ([cancelled], [cancelled, undone], [cancelled, apart]):
        found = folded(SENT, *saves)
        assert found.cancelled
        assert found.folded.values[CANCELLED] is True
        assert not found.folded.conflicts


def test_a_receipt_whose_dispatch_is_on_its_way_tells_the_route():
    found = folded(RECEIVED)
    assert found.route == Route(sender="pune", receiver="nagpur", carries="cash")
    assert not found.complete
    assert RECEIPT in found.folded.values
    goods = a_save("b", NAGPUR, receipt={"posting": {"stock": [{"item": b"i" * 16}]}})
    route = folded(goods).route
    assert route is not None
    assert route.carries == "goods"


@pytest.mark.parametrize(
    "saves",
    [
        [a_save("a", SURAT, route={"from": "surat", "to": "pune", "carries": "cash"}, dispatch=LEG)],
        [a_save("a", NAGPUR, route=ROUTE_VALUE, dispatch=LEG)],
        [a_save("a", PUNE, route="pune to nagpur", dispatch=LEG)],
        [a_save("a", PUNE, route={"from": "pune", "to": "pune", "carries": "cash"}, dispatch=LEG)],
        [a_save("a", SURAT, receipt=LEG)],
    ],
)
def test_without_a_route_nothing_counts(saves: list[Arrival]):
    found = folded(*saves)
    assert found.route is None
    assert not found.folded.values
    assert found.strays


def test_a_scope_names_the_pair():
    assert pair_of(SCOPE) == ("nagpur", "pune")
    assert pair_of("transfers/pune/2026-08") is None
    assert pair_of("vouchers/pune/sales/2026-04") is None
    assert folded(SENT, scope="transfers/pune/2026-08").route is None


def test_two_receipts_made_apart_are_one_conflict():
    other = a_save("c", NAGPUR, 3, "a", receipt={**LEG, "number": "NAG2/26-27/00001"})
    found = folded(SENT, RECEIVED, other)
    assert [conflict.register for conflict in found.folded.conflicts] == [RECEIPT]
    settled = folded(SENT, RECEIVED, other, a_save("e", NAGPUR, 4, "bc", receipt=LEG))
    assert not settled.folded.conflicts


EVERYTHING = [
    SENT,
    RECEIVED,
    a_save("c", NAGPUR, 3, "a", receipt={**LEG, "number": "NAG2/26-27/00001"}),
    a_save("e", SURAT, 4, "ab", receipt=LEG, dispatch=LEG),
    a_save("f", PUNE, 2, "a", dispatch={**LEG, "narration": "again"}),
    a_save("g", PUNE, 2, "a", cancelled=True),
    a_save("h", NAGPUR, 1, "", route={"from": "nagpur", "to": "pune", "carries": "goods"}),
    a_save("i", STRANGER, 1, "", route=ROUTE_VALUE, new=1),
]


@given(st.lists(st.sampled_from(EVERYTHING), min_size=1), st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(saves: list[Arrival], chance: Any):
    shuffled = [*saves, *saves]
    chance.shuffle(shuffled)
    assert folded(*shuffled) == folded(*saves)


def test_legs_and_routes_are_read_back():
    posting = Posting(
        base="payment",
        type=b"t" * 16,
        date="2026-08-01",
        entries=(Entry(ledger=b"a" * 16, amount="5.00"), Entry(ledger=b"b" * 16, amount="-5.00")),
    )
    leg = Leg(posting=posting, number="PUN/26-27/00001", narration="to Nagpur")
    assert read_leg(leg.value()) == leg
    with pytest.raises(BadValue):
        read_leg({"number": "1"})
    route = Route(sender="pune", receiver="nagpur", carries="goods")
    assert read_route(route.value()) == route
    assert (route.branch(DISPATCH), route.other(DISPATCH)) == ("pune", "nagpur")
    assert (route.branch(RECEIPT), route.other(RECEIPT)) == ("nagpur", "pune")
    assert may_write(RECEIPT, "nagpur", route)
    assert not may_write(RECEIPT, "surat", route)
