"""What the log says of locked periods: what was locked, and which vouchers were let in."""

from khata.log.entries import read_log
from khata.log.wanted import Wanted
from khata.periods import admit, lock_period, unlock_period
from tests.khata.company import a_branch, a_company, found, ledger, sync, voucher


def stories(books, **wanted) -> list[str]:
    return [entry["story"] for entry in read_log(books, Wanted(**wanted))]


def control(books) -> list[str]:
    return stories(books, kind="control")


def two():
    office = a_company()
    ledger(office, "Asha Stores")
    return office, a_branch(office, "Pune")


def test_locks_are_told_in_words():
    office, _ = two()
    lock_period(office, "2026-03-31")
    lock_period(office, "2026-04-30", branch="Pune")
    first = lock_period(office, "2026-05-31", type="Sales")
    lock_period(office, "2026-06-30", branch="Pune", type="Credit Note")
    unlock_period(office, first.seq)
    assert control(office)[-5:] == [
        "Head Office locked all vouchers and transfers up to 2026-03-31",
        "Head Office locked all vouchers and transfers of Pune up to 2026-04-30",
        "Head Office locked Sales vouchers up to 2026-05-31",
        "Head Office locked Credit Note vouchers of Pune up to 2026-06-30",
        f"Head Office took back the lock of Sales vouchers up to 2026-05-31 (lock {first.seq})",
    ]


def test_an_admitted_voucher_stands_in_the_sentence_and_the_sentence_in_the_log_of_the_voucher():
    office, pune = two()
    entered = [voucher(pune, "Receipt", f"Cash {amount} / Asha Stores -{amount}").number for amount in range(1, 9)]
    lock_period(office, "2026-04-30")
    sync(office, pune)
    said = f"Head Office admitted Receipt {entered[3]} into a locked period"
    admit(office, [found(office, entered[3]).row])
    sync(office, pune)
    for copy in (office, pune):
        assert control(copy)[-1] == said
        assert stories(copy, document=entered[3])[-1] == said
        assert said not in stories(copy, document=entered[0])
        assert said in stories(copy, ledger="Asha Stores")
        assert said in stories(copy, dated_since="2026-04-02", dated_until="2026-04-02")
        assert said not in stories(copy, dated_since="2026-04-03")
        assert said in stories(copy, branch="Pune")
        assert said not in stories(copy, document=entered[3], origin="entry")
    admit(office, [found(office, number).row for number in entered if number != entered[3]])
    told = control(office)[-1]
    assert told.startswith(f"Head Office admitted Receipt {entered[0]}, ")
    assert told.endswith(f"Receipt {entered[5]} and 2 more into a locked period")
    assert stories(office, document=entered[7])[-1] == told, "also where it stands among the more"
    (whole,) = [one for one in read_log(office, Wanted(document=entered[7])) if one["kind"] == "control"]
    assert [one["name"] for one in whole["admitted"]] == [
        f"Receipt {number}" for number in entered if number != entered[3]
    ]
    assert list(read_log(office, Wanted(kind="control"))) != list(read_log(pune, Wanted(kind="control")))
    sync(office, pune)
    assert list(read_log(office)) == list(read_log(pune))
