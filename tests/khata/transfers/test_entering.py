"""Sending, receiving, altering and cancelling: what is refused, and what two devices do apart."""

import json

import pytest

from khata.books import Books
from khata.conflicts import list_conflicts, settle_taking, settle_with
from khata.entering import alter_form, cancel
from khata.entering_masters import alter_master
from khata.errors import Ambiguous, BooksError, NotFound
from khata.gst.report import gst_report
from khata.late import LATE
from khata.listing import history, list_vouchers, show_voucher
from khata.periods import lock_period, put_back, redate
from khata.problems import Wanted, find_problems
from khata.reports.span import Span
from khata.showing import read_shown
from khata.transfers.entering import alter, send_form
from khata.transfers.listing import list_transfers, show_transfer
from khata.transfers.lookup import find_transfer
from khata.transfers.mirror import mirror_report
from tests.khata.company import contents, found, ledger, sync, voucher
from tests.khata.transfers.shops import DAY, a_colleague, call_off, change, meet, named, of_transfers, send, shops, take

MAHARASHTRA, KARNATAKA = "27AAPFU0939F1ZV", "29AAGCB7383J1Z4"


def codes(books: Books) -> list[str]:
    return [problem.code for problem in of_transfers(books)]


def rows_of(books: Books, table: str = "vouchers") -> int:
    (count,) = books.db.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(count)


def test_two_branches_that_make_the_account_of_a_third_make_one_ledger():
    office, pune, nagpur = shops("Pune", "Nagpur")
    send(office, "Nagpur", "100")
    send(pune, "Nagpur", "Soap:1@5")
    meet(office, pune, nagpur)
    made = office.db.execute("SELECT name, branch FROM ledgers WHERE branch<>'' ORDER BY name").fetchall()
    assert made == [("Branch Nagpur", "nag")]
    assert set(codes(office)) == {"transfer-in-transit"}


def test_a_ledger_that_stands_for_the_branch_already_becomes_its_account():
    office, pune = shops("Pune")
    ledger(office, "Branch Pune", "Branch / Divisions")
    ledger(office, "Branch Head Office")
    meet(office, pune)
    send(office, "Pune", "100")
    send(pune, "HO", "50")
    meet(office, pune)
    made = office.db.execute("SELECT name, branch FROM ledgers WHERE branch<>'' ORDER BY name").fetchall()
    assert made == [("Branch Head Office (HO)", "ho"), ("Branch Pune", "pun")]


def test_what_may_not_be_sent_is_refused_and_writes_nothing():
    office, pune = shops("Pune")
    before = rows_of(office, "commits")
    with pytest.raises(BooksError, match="itself"):
        send(office, "HO", "100")
    with pytest.raises(NotFound, match="Surat"):
        send(office, "Surat", "100")
    with pytest.raises(BooksError, match="above 0"):
        send(office, "Pune", "0")
    with pytest.raises(NotFound, match="Tea"):
        send(office, "Pune", "Tea:1@5")
    with pytest.raises(BooksError, match="cost is not known"):
        send(office, "Pune", "Soap:4")
    form = {"type": "Payment", "date": DAY, "entries": [
        {"ledger": "Cash", "amount": "-5"}, {"ledger": "Profit & Loss A/c", "amount": "5"},
    ]}  # fmt: skip
    with pytest.raises(BooksError, match="debits the account of Pune"):
        send_form(office, "pun", form)
    with pytest.raises(BooksError, match="of type Payment"):
        send_form(office, "pun", {**form, "type": "Receipt"})
    assert rows_of(office, "commits") == before
    assert sync(office, pune).in_sync


def test_goods_go_at_what_they_cost_where_no_rate_is_given():
    office, _pune = shops("Pune")
    ledger(office, "Asha Stores", "Sundry Creditors")
    ledger(office, "Purchases", "Purchase Accounts")
    voucher(
        office, "Purchase", "Purchases 400 / Asha Stores -400", date="2026-08-01",
        stock=[{"item": "Soap", "quantity": "10", "rate": "40", "amount": "400"}],
    )  # fmt: skip
    sent = send(office, "Pune", "Soap:4")
    (row,) = list_transfers(office)
    assert (row["sent"], row["number"]) == ("160.00", sent.number)


def test_only_the_branch_it_was_sent_to_receives_it_and_once():
    office, pune, nagpur = shops("Pune", "Nagpur")
    sent = send(pune, "Nagpur", "Soap:10@50")
    meet(office, pune, nagpur)
    for books in (office, pune):
        with pytest.raises(BooksError, match="only Nagpur can receive it"):
            take(books, sent)
    with pytest.raises(BooksError, match="cannot arrive"):
        take(nagpur, sent, date="2026-08-01")
    with pytest.raises(BooksError, match="not sent"):
        take(nagpur, sent, short="Oil:1")
    with pytest.raises(BooksError, match="than was sent"):
        take(nagpur, sent, short="Soap:11")
    received = take(nagpur, sent)
    with pytest.raises(BooksError, match=received.number):
        take(nagpur, sent)
    with pytest.raises(BooksError, match="only Pune can alter"):
        change(office, sent, narration="x")


def test_each_branch_alters_its_own_half():
    office, pune = shops("Pune")
    sent = send(pune, "HO", "500", narration="wages")
    sync(office, pune)
    received = take(office, sent)
    change(office, received.number, "480")
    sync(office, pune)
    change(pune, sent.number, narration="wages of August")
    alter(pune, named(pune, sent), {}, date="2026-08-06")
    sync(office, pune)
    shown = show_transfer(office, named(office, sent))
    assert (shown["sent"], shown["received"], shown["differs"]) == ("500.00", "480.00", True)
    assert shown["dispatch"]["date"] == "2026-08-06"
    assert shown["dispatch"]["narration"] == "wages of August"
    assert shown["receipt"]["reference"] == sent.number
    with pytest.raises(BooksError, match="of the year 26-27"):
        alter(pune, named(pune, sent), {}, date="2027-04-01")
    with pytest.raises(BooksError, match="transfer of cash"):
        change(pune, sent, "Soap:1@5")
    assert change(pune, sent, narration="wages of August").commit is None


def test_what_was_received_is_not_cancelled_before_its_receipt_is():
    office, pune = shops("Pune")
    sent = send(pune, "HO", "500")
    sync(office, pune)
    received = take(office, sent)
    sync(office, pune)
    with pytest.raises(BooksError, match=received.number):
        call_off(pune, sent)
    call_off(office, sent)
    with pytest.raises(BooksError, match="nothing of it was received"):
        call_off(office, sent)
    sync(office, pune)
    assert [row["state"] for row in list_transfers(pune)] == ["sent"]
    assert take(office, sent).number == received.number
    call_off(office, sent)
    sync(office, pune)
    call_off(pune, sent)
    sync(office, pune)
    assert [row["state"] for row in list_transfers(office)] == ["cancelled"]
    assert mirror_report(office)["mirrors"]
    assert codes(office) == []
    for act in (lambda: call_off(pune, sent), lambda: change(pune, sent, "7"), lambda: take(office, sent)):
        with pytest.raises(BooksError, match="cancelled"):
            act()
    assert rows_of(office) == 2


def test_cancelled_at_one_branch_and_received_at_the_other_is_a_problem_until_the_receipt_is_cancelled():
    office, pune = shops("Pune")
    sent = send(pune, "HO", "500")
    sync(office, pune)
    call_off(pune, sent)
    take(office, sent)
    sync(office, pune)
    assert codes(pune) == codes(office) == ["transfer-cancelled-and-received"]
    assert office.db.execute("SELECT sum(posted) FROM vouchers").fetchall() == [(0,)]
    call_off(office, sent)
    sync(office, pune)
    assert codes(pune) == codes(office) == []


def test_two_devices_of_the_branch_that_receive_it_apart_are_a_conflict_and_count_once():
    office, pune, nagpur = shops("Pune", "Nagpur")
    second = a_colleague(office, nagpur, "Nagpur counter", "NAG2")
    sent = send(pune, "Nagpur", "Soap:10@50")
    meet(office, pune, nagpur, second)
    one = take(nagpur, sent)
    two = take(second, sent, short="Soap:9")
    assert (one.number, two.number) == ("NAG/26-27/00001", "NAG2/26-27/00001")
    meet(office, pune, nagpur, second)
    (conflict,) = list_conflicts(office)
    assert (conflict["kind"], conflict["register"]) == ("transfer", "receipt")
    assert {value["value"]["number"] for value in conflict["values"]} == {one.number, two.number}
    (shows, other) = conflict["values"]
    assert {"ledger": "Stock Transfers", "amount": "50.00"} in shows["effect"] + other["effect"] or shows[
        "effect"
    ] == []
    (row,) = list_transfers(office)
    assert row["received"] == ("500.00" if shows["value"]["number"] == one.number else "450.00")
    assert rows_of(office) == 2
    with pytest.raises(BooksError, match="Nagpur alone"):
        settle_taking(office, conflict["id"], 1)
    settle_taking(second, conflict["id"], 1)
    meet(office, pune, nagpur, second)
    assert list_conflicts(office) == []
    assert contents(office) == contents(nagpur) == contents(second)


def test_a_conflict_is_settled_with_another_value_in_the_shape_it_is_shown_in():
    office, pune = shops("Pune")
    second = a_colleague(office, pune, "Pune counter", "PUN2")
    sent = send(pune, "HO", "500")
    meet(office, pune, second)
    change(pune, sent, "510")
    change(second, sent, "520")
    meet(office, pune, second)
    (conflict,) = list_conflicts(pune)
    value = {**conflict["values"][0]["value"], "narration": "counted again"}
    settle_with(pune, conflict["id"], json.loads(json.dumps(value)))
    meet(office, pune, second)
    assert list_conflicts(office) == []
    assert show_transfer(office, named(office, sent))["dispatch"]["narration"] == "counted again"
    for wrong in ("x", {**value, "number": 7}):
        with pytest.raises(BooksError):
            read_shown(pune.names, "transfer", "dispatch", wrong)


def test_an_edit_of_an_older_version_becomes_a_conflict():
    _office, pune = shops("Pune")
    sent = send(pune, "HO", "500")
    version = show_transfer(pune, named(pune, sent))["version"]
    change(pune, sent, "510")
    change(pune, sent, "520", version=version)
    (conflict,) = list_conflicts(pune)
    assert {value["value"]["entries"][1]["amount"] for value in conflict["values"]} == {"510.00", "520.00"}
    settled = change(pune, sent, "530")
    assert settled.settled == ("dispatch",)
    assert list_conflicts(pune) == []
    changes = [change["register"] for save in history(pune, named(pune, sent).row) for change in save["changes"]]
    assert changes == ["dispatch", "route", "dispatch", "dispatch", "dispatch"]


def test_a_leg_is_listed_and_shown_as_a_voucher_and_altered_as_a_transfer():
    office, pune = shops("Pune")
    sent = send(pune, "HO", "500")
    sync(office, pune)
    received = take(office, sent)
    listed = [(row["number"], row["leg"], row["branch"]) for row in list_vouchers(office)]
    assert listed == [(sent.number, "dispatch", "pun"), (received.number, "receipt", "ho")]
    assert show_voucher(office, found(office, received.number))["entries"][0] == {"ledger": "Cash", "amount": "500.00"}
    assert show_voucher(office, found(office, sent.number))["entries"][0] == {"ledger": "Cash", "amount": "-500.00"}
    with pytest.raises(BooksError, match="receipt of a transfer"):
        cancel(office, found(office, received.number))
    with pytest.raises(BooksError, match="dispatch of a transfer"):
        alter_form(office, found(office, sent.number), {"narration": "x"})
    with pytest.raises(BooksError, match=f"{received.number} .*{sent.number}"):
        found(office, sent.id.hex())


def test_a_transfer_is_found_by_either_number_and_by_its_id():
    office, pune = shops("Pune")
    sent = send(pune, "HO", "500")
    sync(office, pune)
    received = take(office, sent)
    send(office, "Pune", "500")
    wanted = named(office, sent)
    for text in (
        sent.number, f"Receipt {received.number}", sent.id.hex()[:8], f"{wanted.scope}/{sent.id.hex()}",
    ):  # fmt: skip
        assert find_transfer(office.db, office.names, text) == wanted
    with pytest.raises(Ambiguous, match=sent.id.hex()):
        find_transfer(office.db, office.names, received.number)
    for text in ("nothing", "", "0000000000", "Journal HO/26-27/00001", "Nothing HO/26-27/00001"):
        with pytest.raises(NotFound):
            find_transfer(office.db, office.names, text)


def test_between_two_registrations_goods_go_on_a_tax_invoice():
    office, pune = shops("Pune")
    details = office.names.find("company", office.company_name).document.hex()
    registrations = {"ho": {"gstin": KARNATAKA, "state": "Karnataka"}, "pun": {"gstin": MAHARASHTRA}}
    alter_master(office, "company", f"id:{details}", {"registrations": registrations})
    alter_master(
        office, "stock-item", "Soap", {"gst": [{"since": "2026-04-01", "rates": {"IGST": "18"}, "hsn": "3401"}]}
    )
    sync(office, pune)
    sent = send(pune, "HO", "Soap:10@50")
    sync(office, pune)
    received = take(office, sent)
    sync(office, pune)
    assert (sent.number, received.number) == ("PUN/26-27/00001", "HO/26-27/00001")
    entries = {row["number"]: row["entries"] for row in list_vouchers(pune)}
    assert [entry["amount"] for entry in entries[sent.number]] == ["590.00", "-90.00", "-500.00"]
    assert [entry["amount"] for entry in entries[received.number]] == ["-590.00", "90.00", "500.00"]
    assert mirror_report(pune)["mirrors"]
    report = gst_report(office, Span())
    owed = {row["gstin"]: row["payable"]["igst"] for row in report["registrations"]}
    assert owed == {MAHARASHTRA: "90.00", KARNATAKA: "-90.00"}
    assert report["exceptions"] == []


def test_a_locked_period_keeps_out_a_leg_by_its_own_date():
    office, pune = shops("Pune")
    sent, late = send(pune, "HO", "500", date="2026-08-05"), send(pune, "HO", "70", date="2026-08-06")
    sync(office, pune)
    take(office, sent, date="2026-08-07")
    change(pune, late, "80")
    lock_period(office, "2026-08-31")
    with pytest.raises(BooksError, match="locked"):
        send(office, "Pune", "10", date="2026-08-20")
    with pytest.raises(BooksError, match="locked"):
        take(office, late, date="2026-08-20")
    take(office, late, date="2026-09-01")
    unseen = send(pune, "HO", "33", date="2026-08-15")
    sync(office, pune)
    posted = {row["number"]: row["posted"] for row in list_vouchers(office)}
    assert posted == {sent.number: True, late.number: True, unseen.number: False, "HO/26-27/00001": True,
                      "HO/26-27/00002": True}  # fmt: skip
    (row,) = [row for row in list_transfers(office) if row["number"] == late.number]
    assert (row["sent"], row["received"]) == ("70.00", "70.00")
    (problem,) = find_problems(office, Wanted(code=LATE))
    assert problem.settle == f"khata transfer alter {unseen.id.hex()} --date 2026-09-01"
    for act in (redate, lambda books, voucher, _: put_back(books, voucher)):
        with pytest.raises(BooksError, match="khata transfer alter"):
            act(office, found(office, unseen.number), "2026-09-01")
    assert contents(office) == contents(pune)
    alter(pune, named(pune, unseen), {}, date="2026-09-02")
    sync(office, pune)
    assert {row["number"]: row["posted"] for row in list_vouchers(office)}[unseen.number]


def test_problems_of_transfers_name_the_commands_that_settle_them():
    office, pune = shops("Pune")
    sent = send(pune, "HO", "Soap:10@50")
    sync(office, pune)
    (waiting,) = find_problems(office, Wanted(code="transfer-in-transit"))
    assert [choice.command for choice in waiting.choices] == [
        f"khata transfer receive {sent.id.hex()}", f"khata transfer cancel {sent.id.hex()}",
    ]  # fmt: skip
    assert waiting.branches == ("ho", "pun")
    take(office, sent, short="Soap:8")
    sync(office, pune)
    (differs,) = of_transfers(office)
    assert [choice.command.partition("--item ")[2] for choice in differs.choices[2:]] == [
        "Soap:8=400.00",
        "Soap:10=500.00",
    ]
