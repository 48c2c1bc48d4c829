"""A voucher altered five times by three devices, two of them apart: the log tells what happened, on all copies."""

import pytest

from khata.conflicts import list_conflicts, settle_taking
from khata.entering import cancel
from khata.entering_masters import alter_master, delete_master, merge_masters, restore_master
from khata.log.entries import read_log
from khata.log.wanted import Wanted
from khata.voucher_lookup import find_voucher
from tests.khata.company import a_branch, a_company, alter, ledger, put, sync, voucher

DECADE = 10 * 365 * 24 * 3_600_000


@pytest.fixture
def three():
    """Head office, Pune and Nashik, in touch, with one receipt among them."""
    office = a_company()
    ledger(office, "Asha Stores")
    entered = voucher(office, "Receipt", "Cash 500 / Asha Stores -500", narration="Bill 7")
    pune, nashik = a_branch(office, "Pune"), a_branch(office, "Nashik")
    return office, pune, nashik, entered.number


def stories(books, **wanted) -> list[str]:
    return [entry["story"] for entry in read_log(books, Wanted(**wanted))]


def later(books, minutes: int) -> None:
    """Set the clock of a copy to so many minutes after the start of the test."""
    books.now.now = 1_790_000_000_000 + minutes * 60_000


def test_the_true_story_of_a_voucher(three):
    office, pune, nashik, number = three
    later(office, 60)
    alter(office, number, narration="Bill 8")
    sync(office, pune)
    sync(office, nashik)
    # Pune and Nashik are apart from here on.
    later(pune, 70)
    alter(pune, number, "Cash 600 / Asha Stores -600")
    later(nashik, 80)
    alter(nashik, number, "Cash 700 / Asha Stores -700")
    later(pune, 90)
    alter(pune, number, reference="R/1")
    sync(pune, office)
    sync(nashik, office)
    sync(pune, office)
    (conflict,) = list_conflicts(pune)
    later(nashik, 100)
    settle_taking(nashik, conflict["id"], 2)
    for one in (office, pune):
        sync(nashik, one)
    told = stories(office, document=number)
    assert told == [
        f"asha at Head Office entered Receipt {number}: 2026-04-02 Cash 500.00, Asha Stores -500.00; "
        "narration 'Bill 7'",
        f"asha at Head Office altered Receipt {number}: narration 'Bill 7' -> 'Bill 8'",
        f"pune at Pune altered Receipt {number}: entries Cash 500.00 -> 600.00, Asha Stores -500.00 -> -600.00",
        f"nashik at Nashik altered Receipt {number}: entries Cash 500.00 -> 700.00, Asha Stores -500.00 -> -700.00; "
        "now in conflict with 2026-04-02 Cash 600.00, Asha Stores -600.00 of pune at Pune (2026-09-21 15:23), "
        "which was not known there",
        f"pune at Pune altered Receipt {number}: reference 'R/1'",
        f"nashik at Nashik settled Receipt {number}: conflict of posting between 2026-04-02 Cash 700.00, "
        "Asha Stores -700.00 of nashik at Nashik (2026-09-21 15:33) and 2026-04-02 Cash 600.00, Asha Stores -600.00 of "
        "pune at Pune (2026-09-21 15:23): chose that of pune at Pune",
    ]
    whole = list(read_log(office))
    assert whole == list(read_log(pune)) == list(read_log(nashik))
    by_number = [entry for entry in whole if number in entry["name"]]
    assert [entry["story"] for entry in by_number] == told
    assert [entry["action"] for entry in by_number] == ["entered", *["altered"] * 4, "settled"]
    assert [entry["branch"] for entry in by_number] == ["ho", "ho", "pun", "nas", "pun", "nas"]


def test_a_clock_ten_years_off_breaks_no_causality(three):
    office, pune, _, number = three
    pune.now.now += DECADE
    alter(pune, number, narration="from the future")
    sync(pune, office)
    alter(office, number, narration="from today")
    pune.now.now -= 2 * DECADE
    sync(pune, office)
    alter(pune, number, narration="from the past")
    sync(pune, office)
    log = list(read_log(office))
    told = [entry for entry in log if number in entry["name"]]
    assert [entry["changes"][0]["after"] for entry in told[1:]] == ["from the future", "from today", "from the past"]
    assert told[2]["story"].startswith("asha at Head Office (by a clock that was 52559")
    ledger(office, "Later Ledger")
    after = list(read_log(office))
    position = next(at for at, entry in enumerate(after) if entry["name"] == "Later Ledger")
    assert after[position + 1 :] == told[1:], "what does not build on the wrong clock stands where it belongs"


def test_masters_imports_and_what_brings_back_say_so(three):
    office, _, _, _ = three
    ledger(office, "Old Name")
    alter_master(office, "ledger", "Old Name", {"name": "Ravi & Sons"})
    delete_master(office, "ledger", "Ravi & Sons")
    restore_master(office, "ledger", "Ravi & Sons")
    merge_masters(office, "ledger", "Ravi & Sons", "Asha Stores")
    told = [entry for entry in read_log(office, Wanted(kind="ledger", origin="")) if entry["name"] == "Ravi & Sons"]
    assert [(entry["action"], entry["origin"]) for entry in told] == [
        ("entered", "entry"), ("altered", "entry"), ("deleted", "entry"), ("restored", "restore"), ("merged", "entry"),
    ]  # fmt: skip
    assert [entry["story"] for entry in told][1:] == [
        "asha at Head Office altered ledger Ravi & Sons: name 'Old Name' -> 'Ravi & Sons'",
        "asha at Head Office deleted ledger Ravi & Sons",
        "asha at Head Office brought back ledger Ravi & Sons",
        "asha at Head Office merged ledger Ravi & Sons into Asha Stores",
    ]
    assert stories(office, origin="restore") == ["asha at Head Office brought back ledger Ravi & Sons"]
    assert all(story.startswith("asha at Head Office began the books with") for story in stories(office, origin="init"))


def test_cancelling_and_what_only_a_newer_version_knows(three):
    office, pune, _, number = three
    cancel(office, find_voucher(office.db, office.names, number))
    put(pune, "masters/widget", "widget", b"w" * 16, name="?", size=7)
    sync(office, pune)
    assert stories(office, document=number)[-1] == f"asha at Head Office cancelled Receipt {number}"
    (told,) = stories(office, kind="widget")
    assert told == "pune at Pune entered widget 77777777: name '?'; size 7"


def test_the_control_chain_is_a_part_of_the_story(three):
    office, _, _, _ = three
    told = stories(office, origin="control")
    assert told == [
        "Head Office founded the company",
        "Head Office added the branch Head Office (ho)",
        "Head Office admitted the device Head Office, numbers HO, to the branch ho",
        "Head Office began to seal under new keys",
        "Head Office added the branch Pune (pun)",
        "Head Office admitted the device Pune, numbers PUN, to the branch pun",
        "Head Office added the branch Nashik (nas)",
        "Head Office admitted the device Nashik, numbers NAS, to the branch nas",
    ]
    assert [entry["seq"] for entry in read_log(office, Wanted(kind="control"))] == list(range(8))
    assert len(stories(office, origin="control", branch="Pune")) == 2
    assert stories(office, origin="control", user="asha") == []
