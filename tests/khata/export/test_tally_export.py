"""Real books out to Tally and into an empty company: the books are equal, whatever happened to them before."""

import io
from pathlib import Path
from random import Random
from typing import Any

import pytest
from lxml import etree

from crdt_models.masters import master_id
from khata.already_here import ALREADY_HERE
from khata.books import Books
from khata.entering import cancel
from khata.entering_masters import add_master, alter_master, delete_master, merge_masters
from khata.export.tally import DEFAULT, TallyOptions, write_tally
from khata.importing import carry_out, plan_import
from khata.periods import lock_period
from khata.problems import find_problems
from khata.reports.bills import bills
from khata.reports.day_book import day_book
from khata.reports.span import EVERYTHING, Span
from khata.reports.stock_summary import stock_summary
from khata.reports.trial_balance import trial_balance
from p2p.scope import voucher_scope
from tests.khata.company import a_branch, a_company, found, ledger, put, sync, voucher
from tests.khata.tally import generate
from tests.khata.tally.test_samples import SAMPLE, bridge, mcp
from tests.khata.transfers.shops import send, shops, take

DAY = "2027-03-31"


def written(books: Books, span: Span = EVERYTHING, options: TallyOptions = DEFAULT) -> tuple[bytes, dict[str, Any]]:
    out = io.BytesIO()
    told = write_tally(books, out, span, options)
    etree.fromstring(out.getvalue())
    return out.getvalue(), told


def elsewhere(folder: Path, *files: bytes) -> Books:
    """An empty company into which these files are imported."""
    books = a_company("Somebody Else", seed="elsewhere")
    paths = [folder / f"{number}.xml" for number, _ in enumerate(files)]
    for path, data in zip(paths, files, strict=True):
        path.write_bytes(data)
    planned = plan_import(books, paths)
    assert planned.refused == []
    assert planned.skipped == []
    assert planned.findings == []
    carry_out(books, planned)
    return books


def returned(folder: Path, books: Books) -> Books:
    return elsewhere(folder, written(books)[0])


def told(books: Books, span: Span = EVERYTHING) -> dict[str, Any]:
    """What the reports say, without ids, branches and the transfers' legs."""
    rows = [
        {field: value for field, value in row.items() if field not in ("id", "branch", "leg")}
        for row in day_book(books, span).rows
    ]
    stock = stock_summary(books, span)
    balance = trial_balance(books, span)
    return {
        "balances": sorted((row["ledger"], row["group"], row["debit"], row["credit"]) for row in balance["rows"]),
        "day book": sorted(rows, key=str),
        "stock": sorted(
            (item["item"], godown["godown"], godown["closing"]["quantity"])
            for item in stock["items"]
            for godown in item["godowns"]
        ),
        "bills": [
            (party["ledger"], party["balance"], [(bill["bill"], bill["pending"]) for bill in party["bills"]])
            for kind in ("receivable", "payable")
            for party in bills(books, kind, DAY, span.branch)["parties"]
        ],
    }


@pytest.mark.parametrize("seed", range(4))
def test_random_companies_are_equal_in_an_empty_company(tmp_path, seed):
    first = elsewhere(tmp_path, generate.company(Random(seed), 25).xml())
    assert told(returned(tmp_path, first)) == told(first)


def test_the_samples_are_equal_in_an_empty_company(tmp_path):
    for folder in (bridge, mcp):
        files = [path.read_bytes() for path in sorted((SAMPLE / folder("x")[0].parent.name).glob("*.xml"))]
        books = a_company(seed="elsewhere")
        paths = [tmp_path / f"sample-{number}.xml" for number, _ in enumerate(files)]
        for path, data in zip(paths, files, strict=True):
            path.write_bytes(data)
        carry_out(books, plan_import(books, paths))
        assert len(told(books)["day book"]) > 2
        assert told(returned(tmp_path, books)) == told(books)


def test_vouchers_entered_here_keep_their_numbers(tmp_path):
    office = a_company()
    ledger(office, "Asha Stores")
    voucher(office, "Receipt", "Cash 500 / Asha Stores -500", narration="नकद & more", reference="7")
    voucher(office, "Payment", "Asha Stores 20 / Cash -20", date="2026-05-01")
    after = returned(tmp_path, office)
    assert [row["number"] for row in day_book(after).rows] == ["HO/26-27/00001", "HO/26-27/00001"]
    assert told(after) == told(office)


def test_a_file_in_utf_16_reads_the_same(tmp_path):
    office = a_company()
    ledger(office, "नमस्ते ट्रेडर्स")
    voucher(office, "Receipt", "Cash 500 / नमस्ते ट्रेडर्स -500")
    data, _ = written(office, options=TallyOptions(encoding="utf-16"))
    assert data.startswith(b"\xff\xfe")
    assert told(elsewhere(tmp_path, data)) == told(office)


def test_masters_and_vouchers_can_be_written_apart(tmp_path):
    office = a_company()
    ledger(office, "Asha", opening="75.00")
    voucher(office, "Receipt", "Cash 500 / Asha -500")
    masters, counted = written(office, options=TallyOptions(vouchers=False))
    vouchers, _ = written(office, options=TallyOptions(masters=False))
    assert counted["counts"]["vouchers"] == 0
    assert b"<VOUCHER " not in masters
    assert b"<LEDGER " not in vouchers
    assert told(elsewhere(tmp_path, masters, vouchers)) == told(office)


def test_merged_ledgers_leave_as_one_with_both_openings_and_both_names(tmp_path):
    office = a_company()
    ledger(office, "Asha", opening="100.00")
    ledger(office, "Asha Stores", opening="20.00")
    voucher(office, "Receipt", "Cash 5 / Asha -5")
    voucher(office, "Receipt", "Cash 7 / Asha Stores -7")
    merge_masters(office, "ledger", "Asha", "Asha Stores")
    after = returned(tmp_path, office)
    assert told(after) == told(office)
    assert after.names.find("ledger", "Asha").name == "Asha Stores"


def test_a_renamed_ledger_leaves_under_its_new_name(tmp_path):
    office = a_company()
    ledger(office, "Asha")
    voucher(office, "Receipt", "Cash 5 / Asha -5")
    alter_master(office, "ledger", "Asha", {"name": "Asha & Sons", "aliases": ("A1",)})
    after = returned(tmp_path, office)
    assert told(after) == told(office)
    assert after.names.find("ledger", "a1").name == "Asha & Sons"


def test_a_deleted_ledger_leaves_only_while_something_uses_it(tmp_path):
    office = a_company()
    pune = a_branch(office, "Pune")
    ledger(office, "Unused")
    ledger(office, "Used", opening="3.00")
    sync(pune, office)
    delete_master(office, "ledger", "Unused")
    delete_master(office, "ledger", "Used")
    voucher(pune, "Receipt", "Cash 5 / Used -5")
    sync(pune, office)
    after = returned(tmp_path, office)
    assert told(after) == told(office)
    assert after.names.taken("ledger", "Unused") is None


def test_a_master_that_has_not_arrived_leaves_as_reports_show_it(tmp_path):
    office = a_company()
    absent = bytes(range(16))
    cash = master_id(office.company, "ledger", "Cash")
    entries = [{"ledger": cash, "amount": "5.00"}, {"ledger": absent, "amount": "-5.00"}]
    kind = master_id(office.company, "voucher-type", "Receipt")
    posting = {"base": "receipt", "type": kind, "date": "2026-04-02", "entries": entries}
    put(office, voucher_scope("ho", "receipt", "2026-04-02"), "voucher", b"v" * 16, posting=posting, number="1")
    after = returned(tmp_path, office)
    assert after.names.find("ledger", "ledger 00010203 (not here yet)").name
    assert told(after) == told(office)


def test_two_masters_of_one_name_are_told_apart(tmp_path):
    office, other = a_company(), None
    other = a_branch(office, "Pune")
    ledger(office, "Acme")
    alter_master(office, "ledger", "Acme", {"name": "Acme Ltd"})
    ledger(other, "Acme Ltd")
    voucher(office, "Receipt", "Cash 5 / Acme Ltd -5")
    voucher(other, "Receipt", "Cash 7 / Acme Ltd -7")
    sync(other, office)
    data, said = written(office)
    (renamed,) = said["renamed"]
    assert renamed.startswith("the ledger 'Acme Ltd' stands in the file as 'Acme Ltd (")
    after = elsewhere(tmp_path, data)
    amounts = sorted(row["credit"] for row in trial_balance(after)["rows"] if row["ledger"].startswith("Acme"))
    assert amounts == ["5.00", "7.00"]


def test_cancelled_and_optional_vouchers_stay_so(tmp_path):
    office = a_company()
    ledger(office, "Asha")
    voucher(office, "Receipt", "Cash 5 / Asha -5")
    voucher(office, "Receipt", "Cash 7 / Asha -7", optional=True)
    cancel(office, found(office, "HO/26-27/00001"))
    after = returned(tmp_path, office)
    assert [row["note"] for row in day_book(after).rows] == ["cancelled", "optional"]
    assert told(after) == told(office)


def test_what_no_file_can_hold_is_left_out_of_texts_and_said_of_names(tmp_path):
    office = a_company()
    ledger(office, "Primary")
    put(office, "masters/ledger", "ledger", b"l" * 16, name="Bell\x07", group=None)
    voucher(office, "Receipt", "Cash 5 / Bell\x07 -5", narration="tab\tand\x0bmore￿")
    data, said = written(office)
    assert sorted(said["renamed"])[0] == "the ledger 'Bell\\x07' stands in the file as 'Bell'"
    after = elsewhere(tmp_path, data)
    (row,) = day_book(after).rows
    assert row["narration"] == "tab\tandmore"
    assert after.names.find("ledger", "Bell").name == "Bell"


def test_an_unbalanced_voucher_of_another_version_is_left_out_and_named():
    office = a_company()
    cash = master_id(office.company, "ledger", "Cash")
    kind = master_id(office.company, "voucher-type", "Receipt")
    posting = {"base": "receipt", "type": kind, "date": "2026-04-02", "entries": [{"ledger": cash, "amount": "5.00"}]}
    put(office, voucher_scope("ho", "receipt", "2026-04-02"), "voucher", b"v" * 16, posting=posting, number="9")
    data, said = written(office)
    assert b"<VOUCHER " not in data
    (left,) = said["left_out"]
    assert (left["number"], left["date"]) == ("9", "2026-04-02")
    assert "differ by 5.00" in left["reason"]


def test_a_voucher_that_came_after_its_period_was_locked_is_left_out_and_named():
    office = a_company()
    pune = a_branch(office, "Pune")
    ledger(office, "Asha")
    sync(pune, office)
    lock_period(office, "2026-03-31")
    late = voucher(pune, "Receipt", "Cash 5 / Asha -5", date="2026-03-30")
    sync(pune, office)
    _, said = written(office)
    assert said["counts"]["vouchers"] == 0
    assert [(left["id"], "period was locked" in left["reason"]) for left in said["left_out"]] == [(late.id.hex(), True)]


def test_one_branch_and_a_range_of_dates(tmp_path):
    office = a_company()
    pune = a_branch(office, "Pune")
    ledger(office, "Asha", opening="100.00")
    sync(pune, office)
    voucher(office, "Receipt", "Cash 5 / Asha -5")
    voucher(pune, "Receipt", "Cash 7 / Asha -7")
    voucher(pune, "Receipt", "Cash 9 / Asha -9", date="2026-05-02")
    sync(pune, office)
    branch = Span(branch="PUN")
    assert told(elsewhere(tmp_path, written(office, branch)[0])) == told(office, branch)
    data, said = written(office, Span("2026-05-01", "2026-05-31", "Pune"))
    assert said["counts"]["vouchers"] == 1
    assert b"<AMOUNT>-9.00</AMOUNT>" in data


def test_both_legs_of_a_transfer_leave_as_vouchers_of_their_types(tmp_path):
    office, pune = shops("Pune")
    sent = send(office, "Pune", "Soap:10@50")
    sync(pune, office)
    take(pune, sent)
    sync(pune, office)
    send(office, "Pune", "120.00")
    data, said = written(office)
    assert said["counts"]["vouchers"] == 5
    guids = [element.findtext("GUID") for element in etree.fromstring(data).iter("VOUCHER")]
    assert len(set(guids)) == 5
    after = elsewhere(tmp_path, data)
    assert told(after)["balances"] == told(office)["balances"]
    assert told(after)["stock"] == told(office)["stock"]


def test_copies_of_one_company_imported_at_two_places_leave_with_guids_of_their_own(tmp_path):
    data = generate.company(Random(3), 6).xml()
    path = tmp_path / "both.xml"
    path.write_bytes(data)
    books = a_company()
    for source in ("pune", "delhi"):
        planned = plan_import(books, [path], source)
        planned.answered.add(ALREADY_HERE)
        carry_out(books, planned)
    guids = [element.findtext("GUID") for element in etree.fromstring(written(books)[0]).iter("VOUCHER")]
    assert len(guids) == len(set(guids)) == 12
    after = returned(tmp_path, books)
    assert told(after) == told(books)


def test_the_file_names_the_company_it_is_for_and_the_one_it_came_from():
    books = a_company()
    data, said = written(books, options=TallyOptions(company="Sharma & Co"))
    root = etree.fromstring(data)
    assert root.findtext(".//SVCURRENTCOMPANY") == said["company"] == "Sharma & Co"
    assert root.findtext("HEADER/TALLYREQUEST") == "Import Data"
    assert written(books)[1]["company"] == "Sharma Traders"


def test_the_company_that_was_imported_is_the_one_it_goes_back_to(tmp_path):
    origin = generate.company(Random(1), 2)
    text = origin.xml().replace(b"</REMOTECMPNAME>", b"</REMOTECMPNAME><REMOTECMPSTATE>Goa</REMOTECMPSTATE>")
    books = elsewhere(tmp_path, text)
    data, said = written(books)
    remote = etree.fromstring(data).find(".//REMOTECMPINFO.LIST")
    assert remote is not None
    assert [child.text for child in remote] == [origin.guid, origin.name, "Goa"]
    assert said["company"] == origin.name
    assert books.company_name == "Somebody Else"
    assert books.db.execute("SELECT state FROM companies").fetchone() == ("Goa",)
    assert len(plan_import(books, [tmp_path / "0.xml"])) == 0


def test_parents_stand_before_children_and_kinds_in_tallys_order():
    books = a_company()
    add_master(books, "group", "Zone", {"parent": books.names.find("group", "Sundry Debtors").document})
    add_master(books, "group", "Area", {"parent": books.names.find("group", "Zone").document})
    root = etree.fromstring(written(books)[0])
    groups = [element.get("NAME") for element in root.iter("GROUP")]
    assert groups.index("Current Assets") < groups.index("Sundry Debtors") < groups.index("Zone") < groups.index("Area")
    tags = list(dict.fromkeys(message[0].tag for message in root.iter("TALLYMESSAGE")))
    assert tags == ["CURRENCY", "GROUP", "LEDGER", "GODOWN", "COSTCATEGORY", "VOUCHERTYPE", "COMPANY"]
    assert find_problems(books) == []
