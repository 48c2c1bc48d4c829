"""Laws of the log: one order on all copies, whatever came when; filters only leave out; nothing is ever missing."""

import functools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from khata.books import Books
from khata.entering import cancel
from khata.entering_masters import alter_master
from khata.following import following
from khata.log.entries import read_log
from khata.log.places import LogPlaces, misplaced
from khata.log.wanted import Wanted
from khata.projection import BooksProjection
from khata.verify import verify
from p2p.replica import Replica
from tests.khata.company import Clock, a_branch, a_company, a_store_with_tables, alter, found, ledger, sync, voucher

DECADE = 10 * 365 * 24 * 3_600_000


@functools.cache
def a_long_story() -> tuple[Books, list[tuple[bytes, bytes, bytes | None]]]:
    """Books that three devices wrote with clocks that jump, often apart; and their commits."""
    chance = random.Random(7)
    office = a_company()
    copies = [office, a_branch(office, "Pune"), a_branch(office, "Nashik")]
    ledger(office, "Asha Stores")
    ledger(office, "Ravi Traders")
    for copy in copies[1:]:
        sync(office, copy)
    numbers: list[str] = []
    for step in range(40):
        one = chance.choice(copies)
        if chance.random() < 0.3:
            _turn(one, chance.choice([-3_600_000, 3_600_000]))
        if step in (12, 26):
            _turn(copies[1], DECADE if step == 12 else -2 * DECADE)
        _something(one, numbers, chance, step)
        if chance.random() < 0.25:
            sync(*chance.sample(copies, 2))
    for copy in (*copies[1:], *copies[1:]):
        sync(office, copy)
    commits = [(one.header, one.signature, one.body) for one in office.replica.store.everything()]
    return office, commits


def _turn(one: Books, by_ms: int) -> None:
    assert isinstance(one.now, Clock)
    one.now.now += by_ms


def _something(one: Books, numbers: list[str], chance: random.Random, step: int) -> None:
    live = "SELECT number FROM vouchers WHERE NOT cancelled ORDER BY number"
    here = [number for (number,) in one.db.execute(live) if number in numbers]
    party = chance.choice(["Asha Stores", "Ravi Traders"])
    if not here or chance.random() < 0.3:
        numbers.append(voucher(one, "Receipt", f"Cash {step + 1} / {party} -{step + 1}").number)
    elif chance.random() < 0.1:
        cancel(one, found(one, chance.choice(here)))
    elif chance.random() < 0.2:
        alter_master(one, "ledger", party, {"pan": f"{step}"})
    else:
        alter(one, chance.choice(here), f"Cash {step + 1} / {party} -{step + 1}", narration=f"step {step}")


def a_copy_of(office: Books) -> Books:
    """Empty books of the same company at the same device: what it holds, it has to be given."""
    replica = Replica(a_store_with_tables(), office.replica.keys, office.company, BooksProjection())
    replica.extend_chain(office.replica.chain_entries(-1))
    return Books(replica, "nobody")


@settings(max_examples=15)
@given(st.randoms(use_true_random=False), st.integers(1, 40))
def test_any_delivery_gives_the_same_log_also_when_it_is_read_meanwhile(chance, batch):
    office, commits = a_long_story()
    delivered = list(commits)
    chance.shuffle(delivered)
    copy = a_copy_of(office)
    for start in range(0, len(delivered), batch):
        part = copy.replica.check_untrusted(delivered[start : start + batch])
        copy.replica.ingest_from(part, office.replica.keys.id, None, 0)
        if chance.random() < 0.3:
            entries = list(read_log(copy))
            _parents_first(entries)
    assert list(read_log(copy)) == list(read_log(office))


def _parents_first(entries) -> None:
    here = {(entry["document"], entry["save"]) for entry in entries}
    told: set[tuple[str, str]] = set()
    for entry in entries:
        parents = {(entry["document"], parent) for parent in entry["parents"]}
        assert parents & here <= told, "a save stands before one that it builds on"
        told.add((entry["document"], entry["save"]))


def test_nothing_is_missing_and_parents_stand_first():
    """Every save that is in any document stands in the log, once: there is no other way to write than by a save."""
    office, _ = a_long_story()
    entries = list(read_log(office))
    _parents_first(entries)
    saves = [(document.id.hex(), id.hex()) for document in office.replica.everything() for id in document.saves()]
    logged = [(entry["document"], entry["save"]) for entry in entries if entry["origin"] != "control"]
    assert sorted(logged) == sorted(saves)
    assert [entry["seq"] for entry in entries if "seq" in entry] == list(range(office.replica.chain.head[0] + 1))
    assert all(entry["user"] for entry in entries if entry["origin"] != "control")


FILTERS = [
    Wanted(ledger="Asha Stores"),
    Wanted(branch="Pune"),
    Wanted(branch="ho", kind="voucher"),
    Wanted(user="PUNE"),
    Wanted(device="Nashik"),
    Wanted(origin="entry"),
    Wanted(origin="control"),
    Wanted(kind="ledger"),
    Wanted(since="2026-09-21"),
    Wanted(until="2026-09-21"),
    Wanted(since="2030-01-01", until="2040-12-31"),
    Wanted(dated_since="2026-04-01", dated_until="2026-04-02"),
]


@pytest.mark.parametrize("wanted", FILTERS, ids=str)
def test_a_filter_leaves_out_and_changes_nothing(wanted):
    office, _ = a_long_story()
    whole = list(read_log(office))
    part = list(read_log(office, wanted))
    assert part == [entry for entry in whole if _matches(office, wanted, entry)]
    assert list(read_log(office, wanted, newest_first=True)) == part[::-1]
    assert list(read_log(office, wanted, limit=3)) == part[:3]
    assert list(read_log(office, wanted, limit=3, newest_first=True)) == part[::-1][:3]
    assert 0 < len(part) < len(whole)


def _matches(books: Books, wanted: Wanted, entry) -> bool:
    """What a filter says, said again the slow way."""
    control = entry["origin"] == "control"
    if wanted.ledger:
        id = books.names.find("ledger", wanted.ledger).document
        ever = [document for document in books.replica.everything() if id in document.update()]
        return entry["document"] == id.hex() or entry["document"] in {document.id.hex() for document in ever}
    if wanted.branch:
        code = {"Pune": "pun"}.get(wanted.branch, wanted.branch)
        here = code in (entry["branch"], *entry["scope"].split("/")[1:2])
        about = control and any(change["after"] == code for change in entry["changes"])
        return (here or about) and wanted.kind in ("", entry["kind"])
    if wanted.dated_since:
        until = wanted.dated_until or "9999"
        return entry["kind"] == "voucher" and wanted.dated_since <= "2026-04-02" <= until
    day = entry["at"][:10]
    return (
        wanted.user.lower() in ("", entry["user"])
        and wanted.device in ("", entry["device"])
        and wanted.origin in ("", entry["origin"])
        and wanted.kind in ("", entry["kind"])
        and (wanted.since or "0") <= day <= (wanted.until or "9")
    )


def test_the_table_of_places_is_what_the_documents_say_and_a_row_that_is_not_is_found():
    office, commits = a_long_story()
    copy = a_copy_of(office)
    copy.replica.ingest_from(copy.replica.check_untrusted(commits), office.replica.keys.id, None, 0)
    assert list(misplaced(copy.db)) == [], "nobody has asked yet, so nothing is claimed"
    before = list(read_log(copy))
    assert list(misplaced(copy.db)) == []
    copy.db.execute("DELETE FROM log_places WHERE save=(SELECT max(save) FROM log_places)")
    assert list(misplaced(copy.db))
    assert {difference.where for difference in verify(copy).differences} == {"edit log"}
    copy.replica.project_again()
    assert not verify(copy).differences, "a rebuild begins the log anew, too"
    with following(copy.replica.store, LogPlaces()):
        assert list(misplaced(copy.db)) == []
    assert list(read_log(copy)) == before
