"""What is more than entering a voucher says what it is: imports, locked periods, transfers, accepted problems."""

from pathlib import Path

import pytest

from khata.accepting import accept, reopen
from khata.conflicts import list_conflicts
from khata.errors import NotFound
from khata.importing import carry_out, plan_import
from khata.log.entries import read_log
from khata.log.wanted import Wanted
from khata.periods import lock_period, put_back
from tests.khata.company import a_branch, a_company, alter, found, ledger, sync, voucher
from tests.khata.test_importing import RECEIPT, export
from tests.khata.transfers.shops import change, meet, send, shops, take


def stories(books, **wanted) -> list[str]:
    return [entry["story"] for entry in read_log(books, Wanted(**wanted))]


def test_an_import_says_from_where_and_what_it_altered_again(tmp_path: Path):
    books = a_company()
    carry_out(books, plan_import(books, [export(tmp_path, "day.xml")], "tally@pune"))
    told = stories(books, origin="import", kind="voucher")
    assert told == [
        "asha at Head Office imported Receipt 1 from tally@pune: 2026-04-02 Cash 500.00, Asha Stores -500.00; "
        "narration 'Bill 7'"
    ]
    assert told == stories(books, origin="import:tally@pune", kind="voucher")
    alter(books, "Receipt 1", narration="by hand")
    again = (*RECEIPT[:3], "Bill 8", RECEIPT[4])
    carry_out(books, plan_import(books, [export(tmp_path, "again.xml", [again])], "tally@pune"))
    assert len(list_conflicts(books)) == 1
    (again_told,) = stories(books, origin="import:tally@pune", kind="voucher")[1:]
    assert again_told.startswith("asha at Head Office altered Receipt 1 by importing from tally@pune again: ")
    assert "narration 'Bill 7' -> 'Bill 8'; now in conflict with 'by hand' of asha at Head Office" in again_told
    with pytest.raises(NotFound, match="import:tally@pune"):
        stories(books, origin="import:tally")


def test_what_a_lock_keeps_out_says_so_and_so_does_putting_it_back():
    office = a_company()
    ledger(office, "Asha Stores")
    pune = a_branch(office, "Pune")
    entered = voucher(pune, "Receipt", "Cash 500 / Asha Stores -500", "2026-03-30")
    sync(office, pune)
    lock_period(office, "2026-03-31")
    alter(pune, entered.number, narration="late")
    sync(office, pune)
    told = stories(office, document=entered.number)
    assert told == stories(pune, document=entered.number)
    assert told[-1] == (
        f"pune at Pune altered Receipt {entered.number}: narration 'late'; "
        "kept out of the books, which are locked up to 2026-03-31"
    )
    assert stories(office, origin="control")[-1] == "Head Office locked all vouchers and transfers up to 2026-03-31"
    put_back(office, found(office, entered.number))
    assert stories(office, origin="lock-put-back") == [
        f"asha at Head Office put back Receipt {entered.number} as it stands in locked books: "
        "narration 'late' -> nothing"
    ]


def test_a_transfer_is_told_leg_by_leg():
    office, pune = shops("Pune")
    sent = send(office, "Pune", "500", narration="for the till")
    meet(office, pune)
    take(pune, sent)
    meet(office, pune)
    change(office, sent, narration="for the shop")
    meet(office, pune)
    told = stories(office, document=sent.number)
    number = "transfer HO/26-27/00001"
    assert told == [
        f"asha at Head Office entered {number}: route cash from ho to pun; dispatch 2026-08-05 Cash -500.00, "
        "Branch Pune 500.00, narration 'for the till'",
        f"pune at Pune altered {number}: receipt 2026-08-07 Cash 500.00, Branch Head Office -500.00",
        f"asha at Head Office altered {number}: dispatch narration 'for the till' -> 'for the shop'",
    ]
    assert told == stories(pune, document="PUN/26-27/00001")
    assert len(stories(office, branch="pun", kind="transfer")) == 3


def test_accepting_a_problem_is_told():
    books = a_company("Bazaar")
    accept(books, "3fa92c1d", "filed already")
    reopen(books, "3fa92c1d")
    assert stories(books, origin="settle") == [
        "asha at Head Office settled company Bazaar: accepted problem 3fa92c1d because 'filed already'",
        "asha at Head Office settled company Bazaar: took up problem 3fa92c1d again",
    ]
