"""One voucher shown: what counts, and beside it what a locked period keeps out."""

import json
from pathlib import Path
from typing import Any

import pytest

from crdt_models.errors import BadValue
from khata.books import Books
from khata.listing import Filter, list_vouchers, show_voucher
from khata.log.entries import read_log
from khata.log.wanted import Wanted
from khata.periods import admit, late_vouchers, lock_period
from tests.khata.company import a_branch, a_company, alter, found, ledger, sync, voucher
from tests.khata.transfers.shops import DAY, meet, send, shops, take
from tests.khata.two_folders import khata, two_folders

MARCH = "2026-03-30"
LOCKED = "2026-03-31"
FIRST = "HO/25-26/00001"


def shown(books: Books, which: str) -> Any:
    return show_voucher(books, found(books, which))


def amounts(entries: Any) -> list[str]:
    return [entry["amount"] for entry in entries]


def test_a_late_change_is_shown_beside_what_counts():
    office = a_company()
    ledger(office, "Asha")
    pune = a_branch(office, "Pune")
    voucher(office, "Receipt", "Cash 590 / Asha -590", MARCH, narration="as billed")
    sync(office, pune)
    lock_period(office, LOCKED)
    alter(pune, FIRST, "Cash 1180 / Asha -1180")
    sync(office, pune)
    for books in (office, pune):
        row = shown(books, FIRST)
        assert amounts(row["entries"]) == ["590.00", "-590.00"]
        assert (row["late"], row["posted"], row["narration"]) == (True, True, "as billed")
        assert amounts(row["kept_out"]["entries"]) == ["1180.00", "-1180.00"]
        assert set(row["kept_out"]) == {"entries"}
        assert [choice["command"].split()[2] for choice in row["settle"]["settle_choices"]] == ["put-back", "admit"]
    admit(office, late_vouchers(office))
    row = shown(office, FIRST)
    assert (row["late"], row["kept_out"], row["settle"]) == (False, None, None)
    assert amounts(row["entries"]) == ["1180.00", "-1180.00"]


def test_what_came_late_as_a_whole_is_kept_out_as_a_whole():
    office = a_company()
    ledger(office, "Asha")
    pune = a_branch(office, "Pune")
    lock_period(office, LOCKED)
    late = voucher(pune, "Receipt", "Cash 70 / Asha -70", MARCH)
    sync(office, pune)
    row = shown(office, late.id.hex())
    assert (row["late"], row["posted"]) == (True, False)
    assert (row["kept_out"]["date"], row["kept_out"]["number"]) == (MARCH, late.number)


def test_a_leg_that_came_late_says_so():
    office, pune = shops("Pune")
    sent = send(office, "Pune", "500")
    meet(office, pune)
    lock_period(office, DAY)
    got = take(pune, sent, DAY)
    meet(office, pune)
    row = shown(office, got.number)
    assert (row["late"], row["posted"], row["kept_out"]["number"]) == (True, False, got.number)
    assert shown(office, sent.number)["late"] is False


def test_the_command_says_what_counts_what_does_not_and_what_to_do(tmp_path: Path):
    def prepare(books: Books) -> None:
        ledger(books, "Asha")
        voucher(books, "Receipt", "Cash 590 / Asha -590", MARCH)

    two = two_folders(tmp_path, prepare)
    two.apart(lambda books: lock_period(books, LOCKED), lambda books: alter(books, FIRST, "Cash 1180 / Asha -1180"))
    said = khata(two.office, "voucher", "show", FIRST)
    assert said.output.index("590.00") < said.output.index("kept out by a locked period")
    assert said.output.index("kept out by a locked period") < said.output.index("1,180.00")
    assert "khata lock put-back" in said.output
    assert json.loads(khata(two.office, "voucher", "show", FIRST, "--json").stdout)["late"] is True


def test_a_range_that_ends_before_it_begins_is_refused_in_lists_and_in_the_log():
    books = a_company()
    with pytest.raises(BadValue, match="comes after the last"):
        list_vouchers(books, Filter("2026-05-01", "2026-04-30"))
    bad = {"since": "2026-05-01", "until": "2026-04-30"}
    for wanted in (Wanted(**bad), Wanted(**{f"dated_{name}": day for name, day in bad.items()})):
        with pytest.raises(BadValue, match="comes after the last"):
            list(read_log(books, wanted))
