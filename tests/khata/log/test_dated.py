"""The log by the dates of vouchers: what was moved out of a month is still found in it."""

import pytest

from khata.log.entries import read_log
from khata.log.places import DATES_TABLE, misplaced
from khata.log.wanted import Wanted
from khata.transfers.entering import alter as alter_transfer
from tests.khata.company import a_branch, a_company, alter, found, ledger, sync, voucher
from tests.khata.transfers.shops import named, send, shops, take


def actions(books, since: str = "", until: str = "") -> list[str]:
    wanted = Wanted(dated_since=since, dated_until=until)
    return [f"{entry['action']} {entry['name']}" for entry in read_log(books, wanted)]


@pytest.fixture
def moved():
    """Head office and Pune, with a receipt that was moved from the 1st to the 3rd of July, and to June."""
    office = a_company()
    ledger(office, "Asha")
    first = voucher(office, "Receipt", "Cash 5 / Asha -5", "2026-07-01").number
    voucher(office, "Receipt", "Cash 7 / Asha -7", "2026-07-20")
    pune = a_branch(office, "Pune")
    assert actions(office, "2026-07-01", "2026-07-02") == [f"entered Receipt {first}"]
    alter(pune, first, date="2026-07-03")
    alter(pune, first, date="2026-06-02")
    sync(office, pune)
    return office, pune, [f"entered Receipt {first}", f"altered Receipt {first}", f"altered Receipt {first}"]


@pytest.mark.parametrize(
    ("since", "until"),
    [("2026-07-01", "2026-07-02"), ("2026-07-03", "2026-07-03"), ("2026-06-02", "2026-06-02"), ("", "2026-06-30")],
)
def test_a_voucher_is_found_under_every_date_it_ever_had(moved, since, until):
    for books in moved[:2]:
        assert actions(books, since, until) == moved[2]


def test_dates_on_both_sides_of_a_span_are_not_in_it(moved):
    assert actions(moved[0], "2026-06-15", "2026-06-20") == []
    assert len(actions(moved[0], "2026-07-04")) == 1


def test_only_what_was_dated_otherwise_takes_room_and_what_is_wrong_is_noticed(moved):
    office = moved[0]
    assert actions(office)
    assert office.db.execute(f"SELECT count(*), count(DISTINCT document) FROM {DATES_TABLE}").fetchone() == (3, 1)
    assert list(misplaced(office.db)) == []
    office.db.execute(f"DELETE FROM {DATES_TABLE} WHERE date='2026-07-03'")
    assert [path for path, _ in misplaced(office.db)] == ["vouchers/ho/receipt/2026-07"]


def test_what_a_copy_follows_later_is_the_same_as_what_it_follows_at_once(moved):
    office, pune, told = moved
    number = told[0].removeprefix("entered Receipt ")
    alter(office, number, date="2026-08-09")
    sync(office, pune)
    assert found(office, number)
    for books in (office, pune):
        assert actions(books, "2026-08-01") == [*told, told[1]]


def test_transfers_are_found_by_the_dates_of_both_halves():
    office, pune = shops("Pune")
    sent = send(office, "Pune", "300", "2026-05-04")
    alter_transfer(office, named(office, sent), {}, date="2026-05-09")
    sync(office, pune)
    take(pune, sent, "2026-05-12", "300")
    for day in ("2026-05-04", "2026-05-09", "2026-05-12"):
        assert f"entered {sent.number}" in actions(pune, day, day)
    assert actions(pune, "2026-05-10", "2026-05-11") == []
