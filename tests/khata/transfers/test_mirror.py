"""The accounts of two branches mirror each other, but for reasons that add up to the difference exactly."""

import random as randomness
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crdt_models.money import Amount
from khata.books import Books
from khata.errors import BooksError
from khata.problems import find_problems
from khata.reports.span import Span
from khata.reports.trial_balance import trial_balance
from khata.transfers.listing import list_transfers
from khata.transfers.mirror import DIFFERS, IN_TRANSIT, ONE_SIDED, mirror_report
from khata.verify import verify
from tests.khata.company import contents, ledger, sync, voucher
from tests.khata.transfers.shops import LATER, call_off, change, meet, of_transfers, send, shops, take


def reasons(books: Books) -> list[tuple[str, str]]:
    """Every reason why accounts do not mirror, by kind and amount."""
    return [(why["kind"], why["amount"]) for pair in mirror_report(books)["pairs"] for why in pair["reasons"]]


def check_explained(books: Books) -> None:
    """What two accounts come to is what the reasons come to, the paisa included."""
    for pair in mirror_report(books)["pairs"]:
        sides = sum(Amount.parse(side["balance"]).e4 for side in pair["branches"])
        assert sides == Amount.parse(pair["difference"]).e4
        assert sides == sum(Amount.parse(why["amount"]).e4 for why in pair["reasons"])
        transit = sum(Amount.parse(amount).e4 for amount in pair["in_transit"].values())
        assert transit == sum(Amount.parse(why["amount"]).e4 for why in pair["reasons"] if why["kind"] == IN_TRANSIT)


def test_what_is_sent_is_in_transit_until_it_is_received():
    office, pune = shops("Pune")
    goods, cash = send(pune, "HO", "Soap:10@50, Oil:2@20"), send(office, "Pune", "5000")
    meet(office, pune)
    for books in (office, pune):
        assert sorted(reasons(books)) == [(IN_TRANSIT, "5000.00"), (IN_TRANSIT, "540.00")]
        (pair,) = mirror_report(books)["pairs"]
        assert pair["in_transit"] == {"goods": "540.00", "cash": "5000.00"}
        assert [row["number"] for row in list_transfers(books, in_transit=True)] == [cash.number, goods.number]
    take(office, goods)
    take(pune, cash)
    meet(office, pune)
    for books in (office, pune):
        assert mirror_report(books)["mirrors"]
        assert reasons(books) == []
        assert list_transfers(books, in_transit=True) == []
        assert of_transfers(books) == []
        balance = {row["ledger"]: row for row in trial_balance(books)["rows"]}
        assert (balance["Stock Transfers"]["debit"], balance["Stock Transfers"]["credit"]) == ("0.00", "0.00")
    assert contents(office) == contents(pune)


def test_the_report_stands_as_of_a_day_and_for_a_branch():
    office, pune, nagpur = shops("Pune", "Nagpur")
    sent = send(pune, "Nagpur", "Soap:10@50", date="2026-08-05")
    send(office, "Pune", "700", date="2026-08-20")
    meet(office, pune, nagpur)
    take(nagpur, sent, date="2026-08-09")
    meet(office, pune, nagpur)
    before = mirror_report(office, Span(until="2026-08-08"))
    assert [[why["kind"] for why in pair["reasons"]] for pair in before["pairs"]] == [[IN_TRANSIT]]
    assert [side["balance"] for side in before["pairs"][0]["branches"]] == ["0.00", "500.00"]
    after = mirror_report(office, Span(until="2026-08-09"))
    assert after["mirrors"]
    assert [side["balance"] for side in after["pairs"][0]["branches"]] == ["-500.00", "500.00"]
    only = mirror_report(office, Span(branch="Head Office"))["pairs"]
    assert [[side["code"] for side in pair["branches"]] for pair in only] == [["ho", "pun"]]


def test_a_short_receipt_is_shown_with_what_is_missing_until_both_agree():
    office, pune = shops("Pune")
    sent = send(pune, "HO", "Soap:10@50, Oil:2@20")
    meet(office, pune)
    take(office, sent, short="Soap:9")
    meet(office, pune)
    (pair,) = mirror_report(pune)["pairs"]
    (why,) = pair["reasons"]
    assert (why["kind"], why["amount"]) == (DIFFERS, "50.00")
    assert why["goods"][0]["item"] == "Soap"
    assert why["goods"][0]["quantity"] == "1"
    assert "Soap: 10 sent, 9 received" in why["text"]
    assert [voucher["number"] for voucher in why["vouchers"]] == [sent.number, "HO/26-27/00001"]
    (problem,) = of_transfers(pune)
    assert problem.code == "transfer-legs-differ"
    assert [problem] == of_transfers(office)
    change(pune, sent, "Soap:9@50, Oil:2@20")
    meet(office, pune)
    assert mirror_report(office)["mirrors"]
    assert of_transfers(office) == []


def test_vouchers_that_one_side_has_booked_are_named_and_those_that_answer_each_other_are_not():
    office, pune = shops("Pune")
    take(office, _met(office, pune, send(pune, "HO", "100")))
    meet(office, pune)
    first = voucher(office, "Journal", "Branch Pune 70 / Cash -70")
    voucher(office, "Journal", "Branch Pune 30 / Cash -30")
    voucher(pune, "Journal", "Cash 30 / Branch Head Office -30")
    meet(office, pune)
    (pair,) = mirror_report(pune)["pairs"]
    (why,) = pair["reasons"]
    assert (why["kind"], why["amount"]) == (ONE_SIDED, "70.00")
    assert [(voucher["id"], voucher["branch"]) for voucher in why["vouchers"]] == [(first.id.hex(), "ho")]
    assert not mirror_report(pune)["mirrors"]


def _met(office: Books, other: Books, sent: Any) -> Any:
    sync(office, other)
    return sent


def test_an_account_merged_into_another_is_still_the_branchs():
    office, pune = shops("Pune")
    from khata.entering_masters import merge_masters

    take(office, _met(office, pune, send(pune, "HO", "100")))
    ledger(office, "Pune, old account", "Branch / Divisions")
    merge_masters(office, "ledger", "Branch Pune", "Pune, old account")
    meet(office, pune)
    assert mirror_report(office)["mirrors"]
    sent = send(office, "Pune", "40")
    meet(office, pune)
    take(pune, sent)
    meet(office, pune)
    assert mirror_report(office)["mirrors"]
    assert {row["ledger"] for row in trial_balance(office)["rows"]} >= {"Pune, old account", "Branch Head Office"}


def test_an_entry_on_ones_own_account_and_an_opening_balance_are_named():
    office, pune = shops("Pune")
    take(office, _met(office, pune, send(pune, "HO", "100")))
    ledger(office, "Branch Old", "Branch / Divisions", branch="pun", opening="9.00")
    own = voucher(office, "Journal", "Branch Head Office 5 / Cash -5")
    report = mirror_report(office)
    assert [voucher["id"] for voucher in report["on_own_account"]] == [own.id.hex()]
    assert [(one["ledger"], one["opening"]) for one in report["openings"]] == [("Branch Old", "9.00")]
    assert not report["mirrors"]


STEPS = st.lists(
    st.tuples(st.sampled_from(["send", "send", "take", "change", "cancel", "book", "sync"]), st.integers(0, 10**6)),
    max_size=14,
)


@settings(max_examples=20)
@given(st.integers(2, 3), STEPS)
def test_the_accounts_always_explain_themselves(count: int, steps: list[tuple[str, int]]):
    copies = shops("Pune", "Nagpur")[:count] if count == 3 else shops("Pune")
    for step, seed in steps:
        _step(copies, step, randomness.Random(seed))
        for books in copies:
            check_explained(books)
    meet(*copies)
    for books in copies:
        check_explained(books)
        books.names.forget()
    first = copies[0]
    assert all(contents(books) == contents(first) for books in copies)
    assert all(mirror_report(books) == mirror_report(first) for books in copies)
    assert all(find_problems(books) == find_problems(first) for books in copies)
    assert not verify(first).differences


def _step(copies: list[Books], step: str, chance: randomness.Random) -> None:
    books = chance.choice(copies)
    if step == "sync":
        sync(*chance.sample(copies, 2))
    elif step == "send":
        to = chance.choice([code for code in books.replica.chain.branches if code != books.member.branch])
        send(books, to, chance.choice(["500", "1250.50", "Soap:10@50", "Oil:3@19.99, Soap:1@7"]))
    elif step == "book":
        accounts = books.db.execute("SELECT name FROM ledgers WHERE branch<>'' ORDER BY name").fetchall()
        if accounts:
            amount = chance.choice([10, -10, 35])
            voucher(books, "Journal", f"{chance.choice(accounts)[0]} {amount} / Cash {-amount}", date=LATER)
    else:
        known = books.db.execute("SELECT lower(hex(document)) FROM transfers ORDER BY document").fetchall()
        if known:
            _act(books, step, chance.choice(known)[0], chance)


def _act(books: Books, step: str, which: str, chance: randomness.Random) -> None:
    """What the rules of the moment refuse is left undone."""
    with suppress(BooksError):
        if step == "take":
            take(books, which, short=chance.choice(["", "", "Soap:0"]))
        elif step == "cancel":
            call_off(books, which)
        else:
            change(books, which, chance.choice(["700", "Soap:4@50", ""]), narration=str(chance.random()))


@pytest.mark.parametrize("first", [0, 1])
def test_either_leg_may_arrive_first(first: int):
    office, pune, nagpur = shops("Pune", "Nagpur")
    sent = send(pune, "Nagpur", "Soap:10@50")
    sync(pune, nagpur)
    take(nagpur, sent)
    for other in [(pune, nagpur), (nagpur, pune)][first]:
        sync(office, other)
        check_explained(office)
    meet(office, pune, nagpur)
    assert mirror_report(office)["mirrors"]
    assert contents(office) == contents(nagpur)
