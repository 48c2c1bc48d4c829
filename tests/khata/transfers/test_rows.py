"""The rows of transfers follow from their documents alone: each leg in the books of its own branch, whoever saves."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.books import Books
from khata.transfers.reading import WRONG_BRANCH
from khata.verify import verify
from tests.khata.company import a_branch, a_company, contents, ledger, put, sync

SCOPE = "transfers/ho~pune/2026-08"
ID = b"t" * 16
ROUTE = {"from": "ho", "to": "pune", "carries": "cash"}

values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=5) | st.binary(min_size=16, max_size=16)
    | st.sampled_from(["ho", "pune", "cash", "500.00", "2026-08-01", "journal"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["from", "to", "carries", "posting", "base", "date", "type", "entries", "ledger", "amount"]),
        inner, max_size=6,
    ),
    max_leaves=12,
)  # fmt: skip


def a_leg(books: Books, base: str, entries: str, number: str, **fields: object) -> dict[str, object]:
    """A leg with entries as "Cash 500 / Asha -500"."""
    parts = [part.rpartition(" ") for part in entries.split(" / ")]
    posting = {
        "base": base,
        "type": books.names.find("voucher-type", base.capitalize()).document,
        "date": "2026-08-01",
        "entries": [
            {"ledger": books.names.find("ledger", name).document, "amount": f"{amount}.00"} for name, _, amount in parts
        ],
    }
    return {"posting": posting, "number": number, **fields}


@pytest.fixture
def two() -> tuple[Books, Books]:
    office = a_company()
    ledger(office, "Branch Pune", "Branch / Divisions", branch="pune")
    ledger(office, "Branch Head Office", "Branch / Divisions", branch="ho")
    return office, a_branch(office, "Pune", "PUNE")


def test_each_leg_is_a_voucher_of_its_own_branch(two):
    office, pune = two
    dispatch = a_leg(office, "payment", "Branch Pune 500 / Cash -500", "HO/26-27/00001")
    receipt = a_leg(pune, "receipt", "Cash 500 / Branch Head Office -500", "PUNE/26-27/00001")
    put(office, SCOPE, "transfer", ID, route=ROUTE, dispatch=dispatch)
    sync(office, pune)
    put(pune, SCOPE, "transfer", ID, receipt=receipt)
    sync(office, pune)
    query = (
        "SELECT v.number, v.leg, b.code, v.posted, l.name, e.amount_e4/10000, c.code FROM vouchers v "
        "JOIN branches b ON b.id=v.branch JOIN entries e ON e.voucher=v.id JOIN ledgers l ON l.id=e.ledger "
        "JOIN branches c ON c.id=e.branch ORDER BY v.leg, e.line"
    )
    assert office.db.execute(query).fetchall() == [
        ("HO/26-27/00001", "dispatch", "ho", 1, "Branch Pune", 500, "ho"),
        ("HO/26-27/00001", "dispatch", "ho", 1, "Cash", -500, "ho"),
        ("PUNE/26-27/00001", "receipt", "pune", 1, "Cash", 500, "pune"),
        ("PUNE/26-27/00001", "receipt", "pune", 1, "Branch Head Office", -500, "pune"),
    ]
    assert office.db.execute("SELECT carries, state, dispatched_on, received_on FROM transfers").fetchall() == [
        ("cash", "received", "2026-08-01", "2026-08-01")
    ]
    assert contents(office) == contents(pune)
    assert not verify(pune).differences


def test_what_another_branch_sets_posts_nowhere_and_is_listed(two):
    office, _pune = two
    dispatch = a_leg(office, "payment", "Branch Pune 500 / Cash -500", "HO/26-27/00001")
    put(office, SCOPE, "transfer", ID, route=ROUTE, dispatch=dispatch, receipt=dispatch)
    put(office, SCOPE, "transfer", ID, receipt={**dispatch, "number": "x"})
    assert office.db.execute("SELECT leg FROM vouchers").fetchall() == [("dispatch",)]
    assert office.db.execute("SELECT code FROM document_problems").fetchall() == [(WRONG_BRANCH,)]
    assert not office.db.execute("SELECT * FROM conflicts").fetchall()


def test_a_cancelled_transfer_counts_nowhere(two):
    office, _pune = two
    dispatch = a_leg(office, "payment", "Branch Pune 500 / Cash -500", "HO/26-27/00001")
    put(office, SCOPE, "transfer", ID, route=ROUTE, dispatch=dispatch)
    put(office, SCOPE, "transfer", ID, cancelled=True)
    assert office.db.execute("SELECT cancelled, posted FROM vouchers").fetchall() == [(1, 0)]
    assert office.db.execute("SELECT state FROM transfers").fetchall() == [("cancelled",)]


@given(st.lists(st.dictionaries(st.sampled_from(["route", "dispatch", "receipt", "cancelled", "new"]), values)))
def test_no_register_of_a_transfer_can_stop_the_tables(saves: list[dict[str, Any]]):
    books = a_company()
    for registers in saves:
        put(books, SCOPE, "transfer", ID, **registers)
    before = contents(books)
    with books.replica.transaction():
        books.replica.project_again()
    assert contents(books) == before
