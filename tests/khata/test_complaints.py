"""What users of other products complain about, one sentence a test: here it does not happen, or is said.

Where a complaint is answered by another test already:

- two devices offline give one invoice number: `test_numbering.py`, and `test_number_clashes.py` for a copied disk
- a master is missing at the receiver: `test_problems.py`, where it blocks nobody and ends when it arrives
- absence is taken for deletion: `tally/test_generated.py`, where what is no longer exported is left alone
- counters of an import do not say which record failed: `test_importing.py`, where it is named and the rest imported
- names are corrupted, UTF-8 declared and Windows-1252 sent, ₹ turned into ?: `tally/test_decode.py`
- a deleted transaction comes back when it is imported again: `test_duplicates.py`
- an edit made elsewhere is overwritten unseen: `test_importing.py`, `test_conflicts.py`, `test_every_clash.py`
- setting up a pairing a second time fails: `../e2e/test_join.py`, where a ticket can be tried again
- one server cannot take several terminals at once: `../p2p/test_meetings.py`, `../e2e/test_together.py`
- branch and head office disagree because of goods or cash in transit: `transfers/test_mirror.py`
- Tally freezes while it is read: nothing here reads a running Tally
"""

import pytest

from khata.books import Books
from khata.digests import books_digest
from khata.entering import cancel
from khata.importing import carry_out, plan_import
from khata.listing import list_vouchers
from khata.problems import find_problems
from khata.reports.trial_balance import trial_balance
from p2p.commit import make_commit
from p2p.packed import Item
from tests.khata.company import NOW, Clock, a_branch, a_company, alter, found, ledger, put, seeded, sync, voucher
from tests.khata.test_importing import export
from tests.khata.two_folders import opened, two_folders
from tests.p2p.copies import Line

TEN_YEARS_MS = 10 * 365 * 86_400_000
RECEIPTS = "vouchers/pun/receipt/2026-04"


@pytest.fixture
def office() -> Books:
    books = a_company()
    ledger(books, "Asha")
    return books


@pytest.fixture
def pune(office: Books) -> Books:
    return a_branch(office, "Pune")


def balance(books: Books, name: str) -> str:
    row = next(row for row in trial_balance(books)["rows"] if row["ledger"] == name)
    return f"-{row['credit']}" if row["credit"] != "0.00" else row["debit"]


def test_an_acknowledgement_that_is_lost_posts_nothing_twice(office, pune):
    """odoo 40567, erpnext 12971: the client did not hear that its invoice had arrived, and sent it again."""
    voucher(pune, "Receipt", "Cash 500 / Asha -500")
    for turns in range(1, 12):
        line = Line(pune.replica, office.replica)
        for _ in range(turns):
            line.step()
        # The line is cut here, at every point of the conversation, and nobody knows how far the other came.
    sync(pune, office)
    for books in (office, pune):
        assert [one["number"] for one in list_vouchers(books)] == ["PUN/26-27/00001"]
        assert balance(books, "Cash") == "500.00"


def test_an_event_that_is_delivered_again_and_again_counts_once(office, pune):
    """event_streaming 2: an event stood twice in the log, and its record twice in the books."""
    voucher(pune, "Receipt", "Cash 500 / Asha -500")
    (scope,) = [path for path in pune.replica.store.scopes() if path.startswith("vouchers/")]
    parts = list(pune.replica.page(scope, 0, 10).commits)
    for batch in (parts, parts + parts, parts):
        office.replica.ingest_from(office.replica.check_untrusted(batch), pune.replica.keys.id, None, NOW)
    assert len(list_vouchers(office)) == 1
    assert balance(office, "Cash") == "500.00"


def test_one_bad_record_holds_up_nothing(office, pune):
    """erpnext 9110: one record that the server refused kept everything behind it in the queue for two days."""
    base = pune.names.find("voucher-type", "Receipt").document
    cash = pune.names.find("ledger", "Cash").document
    lopsided = {"base": "receipt", "type": base, "date": "2026-04-02", "entries": [{"ledger": cash, "amount": "1.00"}]}
    put(pune, RECEIPTS, "voucher", b"u" * 16, posting=lopsided)
    put(pune, RECEIPTS, "voucher", b"n" * 16, posting=["no", {"posting": None}], number=7)
    put(pune, "masters/price-list", "price-list", b"p" * 16, name="Wholesale")
    garbage(pune)
    voucher(pune, "Receipt", "Cash 500 / Asha -500")
    line = sync(pune, office)
    assert line.in_sync
    assert balance(office, "Cash") == "500.00"
    assert find_problems(office) == find_problems(pune)
    assert {problem.code for problem in find_problems(office)} == {
        "unbalanced-posting", "bad-register", "impossible-posting", "unknown-kind", "quarantined-commit",
    }  # fmt: skip


def garbage(books: Books) -> None:
    """A commit that is signed as it should be and holds no save."""
    replica = books.replica
    epoch, key = replica.keyring.current(replica.chain.epochs, RECEIPTS) or (b"", b"")
    *_, last = replica.check_untrusted(replica.page(RECEIPTS, 0, 10).commits)
    commit = make_commit(
        replica.keys, RECEIPTS, [Item(b"q" * 16, "voucher", b"no save")], NOW, last.id, replica.chain.seen, epoch, key,
        seeded("garbage"),
    )  # fmt: skip
    parts = (commit.header_bytes, commit.signature, commit.ciphertext)
    replica.ingest_from(replica.check_untrusted([parts]), replica.keys.id, None, NOW)


def test_orders_left_behind_when_the_shop_closed_are_there_when_it_opens(tmp_path):
    """odoo 203431: orders that were not synced when the session was closed turned up later, somewhere else."""
    two = two_folders(tmp_path, lambda books: ledger(books, "Asha"))
    with opened(two.pune) as pune:
        entered = voucher(pune, "Sales Order", "Asha 500 / Cash -500")
        voucher(pune, "Receipt", "Cash 500 / Asha -500")
    with opened(two.pune) as pune:
        assert len(list_vouchers(pune)) == 2, "closing the books loses nothing"
    with opened(two.office) as office:
        voucher(office, "Receipt", "Cash 1 / Asha -1")
    two.meet()
    with opened(two.office) as office:
        order = next(one for one in list_vouchers(office) if one["id"] == entered.id.hex())
    assert (order["branch"], order["date"], order["entered_by"]) == ("pun", "2026-04-02", "Pune")


def test_an_id_that_is_used_again_makes_nothing_vanish(office, pune):
    """pos-addons 383: after reconnecting an order had the id of an earlier one, and one of the two was gone."""
    for books, amount in ((office, "5.00"), (pune, "7.00")):
        entries = [
            {"ledger": books.names.find("ledger", "Cash").document, "amount": amount},
            {"ledger": books.names.find("ledger", "Asha").document, "amount": f"-{amount}"},
        ]
        base = books.names.find("voucher-type", "Receipt").document
        posting = {"base": "receipt", "type": base, "date": "2026-04-02", "entries": entries}
        put(books, RECEIPTS, "voucher", b"o" * 16, posting=posting)
    sync(office, pune)
    (problem,) = find_problems(office)
    assert [problem] == find_problems(pune)
    assert problem.code == "conflict"
    assert len(problem.choices) == 2
    assert "5.00" in problem.choices[0].words + problem.choices[1].words
    assert "7.00" in problem.choices[0].words + problem.choices[1].words


def test_altering_never_makes_a_second_voucher_even_when_date_and_number_change(tmp_path):
    """TallyConnector 23, 4 and 5: an alteration that matched nothing created a duplicate without a word."""
    books = a_company()
    rows = [("Cash", "-500.00"), ("Asha Stores", "500.00")]
    for number, date in (("7", "20260402"), ("9", "20260503")):
        path = export(tmp_path, "day.xml", [("1", date, "Receipt", "", rows)])
        path.write_text(path.read_text().replace("<VOUCHERNUMBER>1<", f"<VOUCHERNUMBER>{number}<"))
        carry_out(books, plan_import(books, [path], "till"))
    (only,) = list_vouchers(books)
    assert (only["number"], only["date"]) == ("9", "2026-05-03")
    assert balance(books, "Cash") == "500.00"


def test_a_number_that_exists_already_is_kept_and_listed_and_stops_nothing(tmp_path):
    """TallyConnector 4: "voucher number already exists" stopped the import."""
    books = a_company()
    for source, guid, amount in (("till-1", "a", "5.00"), ("till-2", "b", "6.00")):
        rows = [("Cash", f"-{amount}"), ("Asha Stores", amount)]
        path = export(tmp_path, f"{source}.xml", [("1", "20260402", "Receipt", "", rows)])
        path.write_text(path.read_text().replace("v-1", f"v-{guid}"))
        plan = plan_import(books, [path], source)
        assert plan.skipped == []
        carry_out(books, plan)
    assert [one["number"] for one in list_vouchers(books)] == ["1", "1"]
    assert {problem.code for problem in find_problems(books)} == {"duplicate-number"}


def test_a_foreign_amount_unbalances_nothing_and_one_without_its_base_figure_is_named(tmp_path):
    """TallyConnector 45: `-$ 25517.82 @ 82.6` made debit and credit differ."""
    books = a_company()
    dollars = "-$ 25517.82 @ ₹ 82.6/$ = -₹ 2107771.93"
    whole = ("1", "20260402", "Receipt", "", [("Cash", dollars), ("Sales", "2107771.93")])
    short = ("2", "20260403", "Receipt", "", [("Cash", "-$ 25517.82 @ 82.6"), ("Sales", "2107771.93")])
    plan = plan_import(books, [export(tmp_path, "a.xml", [whole, short])], "a")
    (skipped,) = plan.skipped
    assert (skipped.what, skipped.reason) == ("Receipt 2 of 20260403", "'-$ 25517.82 @ 82.6' is not an amount")
    carry_out(books, plan)
    assert balance(books, "Cash") == "2107771.93"
    assert trial_balance(books)["debit"] == trial_balance(books)["credit"]


def test_a_date_that_is_written_otherwise_is_named_as_what_it_is(tmp_path):
    """TallyConnector 47: "voucher date is missing", though it was there: as 12-08-2025."""
    books = a_company()
    good = ("2", "20260402", "Receipt", "", [("Cash", "-5.00"), ("Asha Stores", "5.00")])
    plan = plan_import(books, [export(tmp_path, "a.xml", [("1", "12-08-2025", *good[2:]), good])], "a")
    (skipped,) = plan.skipped
    assert "12-08-2025" in str(skipped)
    assert "not a date" in str(skipped)
    carry_out(books, plan)
    assert len(list_vouchers(books)) == 1


@pytest.mark.parametrize("off_ms", [TEN_YEARS_MS, -TEN_YEARS_MS])
def test_a_clock_that_is_ten_years_wrong_changes_no_balance_and_blocks_nobody(off_ms):
    """actual 3786, 8486: one client with a clock in the future broke the books of all until they were reset."""
    balances = []
    for off in (0, off_ms):
        office = a_company()
        ledger(office, "Asha")
        pune, nasik = a_branch(office, "Pune"), a_branch(office, "Nasik")
        pune.now = Clock(NOW + off)
        first = voucher(pune, "Receipt", "Cash 500 / Asha -500")
        sync(pune, office)
        alter(office, first.number, "Cash 600 / Asha -600")
        sync(office, nasik)
        alter(nasik, first.number, "Cash 700 / Asha -700", narration="counted again")
        second = voucher(nasik, "Receipt", "Cash 11 / Asha -11")
        sync(nasik, pune)
        cancel(pune, found(pune, second.number))
        for books in (office, nasik):
            assert sync(pune, books).in_sync
        for books in (office, pune, nasik):
            assert find_problems(books) == [], "edits in sequence are no clash, whatever the clocks say"
            balances.append((trial_balance(books)["rows"], [one["narration"] for one in list_vouchers(books)]))
    assert all(one == balances[0] for one in balances)


def test_a_restored_till_gives_out_no_number_a_second_time(tmp_path):
    """invoiceninja 11902: after restoring a backup the counter began again where the backup had been made."""
    two = two_folders(tmp_path / "made", lambda books: ledger(books, "Asha"))
    backup = two.copy(tmp_path / "backup")
    numbers = []
    with opened(two.pune) as pune:
        numbers += [voucher(pune, "Receipt", "Cash 5 / Asha -5").number for _ in range(3)]
    two.meet()
    restored = two._replace(pune=backup.pune)
    restored.meet()
    with opened(restored.pune) as pune:
        assert len(list_vouchers(pune)) == 3, "what it had given to others comes back first"
        numbers.append(voucher(pune, "Receipt", "Cash 6 / Asha -6").number)
    restored.meet()
    assert numbers == [f"PUN/26-27/0000{count}" for count in (1, 2, 3, 4)]
    assert restored.problems() == []


def test_what_is_entered_while_a_sync_runs_is_neither_lost_nor_blocked(office, pune):
    """cashflow360: a sync that ran while records were entered lost them, until somebody touched each again."""
    for number in range(20):
        voucher(office, "Receipt", f"Cash {number + 1} / Asha -{number + 1}")
    line = Line(pune.replica, office.replica)
    entered = 0
    while line.step():
        pune.names.forget()
        if entered < 10:
            entered += 1
            voucher(pune, "Receipt", f"Cash {entered} / Asha -{entered}")
            line.nudge()
    assert entered > 2, "the conversation had several turns"
    sync(pune, office)
    assert len(list_vouchers(office)) == len(list_vouchers(pune)) == 20 + entered
    assert books_digest(office.replica) == books_digest(pune.replica)


def test_two_tills_that_serve_one_customer_add_up(office, pune):
    """firstchoicepos: the second till to sync overwrote the customer's balance that the first had changed."""
    ledger(office, "Meera", opening="100.00")
    sync(office, pune)
    voucher(office, "Receipt", "Cash 30 / Meera -30")
    voucher(pune, "Receipt", "Cash 50 / Meera -50")
    voucher(pune, "Journal", "Meera 7 / Asha -7")
    sync(office, pune)
    assert balance(office, "Meera") == balance(pune, "Meera") == "27.00"
