"""A voucher cancelled at one place and altered at another, apart: the log says that neither knew of the other."""

from khata.entering import cancel
from khata.entering_masters import alter_master, delete_master
from khata.log.entries import read_log
from khata.log.wanted import Wanted
from tests.khata.company import a_branch, a_company, alter, found, ledger, sync, voucher


def stories(books, **wanted) -> list[str]:
    return [entry["story"] for entry in read_log(books, Wanted(**wanted))]


def two():
    office = a_company()
    ledger(office, "Asha Stores")
    number = voucher(office, "Receipt", "Cash 500 / Asha Stores -500").number
    return office, a_branch(office, "Pune"), number


def test_a_change_made_apart_from_a_cancellation_says_so_on_both_copies():
    office, pune, number = two()
    cancel(pune, found(pune, number))
    office.now.now += 3_600_000
    alter(office, number, "Cash 900 / Asha Stores -900")
    sync(office, pune)
    told = stories(office, document=number)
    assert told == stories(pune, document=number)
    assert told[1].startswith("pune at Pune cancelled Receipt")
    assert "not knowing" not in told[1]
    assert told[2].endswith("-> -900.00; not knowing there that pune at Pune cancelled it (2026-09-21 14:13)")
    (entry,) = [one for one in read_log(office, Wanted(document=number)) if one["apart"]]
    assert (entry["apart"][0]["did"], entry["apart"][0]["device"]) == ("cancelled", "Pune")


def test_a_cancellation_that_comes_second_says_what_it_did_not_know():
    office, pune, number = two()
    alter(office, number, "Cash 900 / Asha Stores -900")
    pune.now.now += 3_600_000
    cancel(pune, found(pune, number))
    sync(office, pune)
    (_, altered, cancelled) = stories(pune, document=number)
    assert "not knowing" not in altered
    assert ": not knowing there that asha at Head Office altered it (" in cancelled


def test_masters_deleted_apart_say_so_and_what_was_known_does_not():
    office, pune, _ = two()
    alter_master(pune, "ledger", "Asha Stores", {"name": "Asha"})
    office.now.now += 3_600_000
    ledger(office, "Ravi")
    sync(office, pune)
    delete_master(pune, "ledger", "Ravi")
    office.now.now += 3_600_000
    alter_master(office, "ledger", "Ravi", {"name": "Ravi & Sons"})
    sync(office, pune)
    told = stories(office, kind="ledger")
    assert [one for one in told if "not knowing" in one] == [told[-1]]
    assert "name 'Ravi' -> 'Ravi & Sons'; not knowing there that pune at Pune deleted it (" in told[-1]
