"""The same vouchers by two ways: asked about before an import writes them, listed where it has happened."""

import pytest

from khata.already_here import ALREADY_HERE
from khata.books import Books
from khata.duplicates import possible_duplicates
from khata.entering import cancel
from khata.errors import BooksError, NotFound
from khata.export.tally import write_tally
from khata.importing import carry_out, plan_import, summary
from khata.listing import list_vouchers
from khata.problems import find_problems
from khata.sources import brought_twice, find_source, settle_imported, source_in_words
from tests.khata.company import a_branch, a_company, alter, contents, found, ledger, sync, voucher
from tests.khata.test_importing import RECEIPT, export


def bring(books: Books, *paths, source: str = "", anyway: bool = False) -> int:
    planned = plan_import(books, paths, source)
    planned.answered.update([ALREADY_HERE] if anyway else [])
    return carry_out(books, planned)


def pairs(books: Books) -> list[tuple[str, str, str, str]]:
    return [(one.same, one.type, one.number, one.amount) for one in possible_duplicates(books)]


def test_the_same_export_at_a_second_branch_asks_first_and_names_the_first(tmp_path):
    office = a_company()
    path = export(tmp_path, "DayBook.xml")
    bring(office, path)
    pune = a_branch(office, "Pune")
    planned = plan_import(pune, [path])
    (asked,) = planned.asks
    assert (
        "1 of 1 new vouchers are in these books already; they were imported from 'unnamed' at Head Office" in asked.text
    )
    before = pune.replica.store.count()
    with pytest.raises(BooksError, match="--anyway"):
        carry_out(pune, planned)
    assert pune.replica.store.count() == before
    assert [finding["asks"] for finding in summary(planned, 0)["findings"]] == [True]


def test_naming_the_first_source_makes_them_one(tmp_path):
    office = a_company()
    path = export(tmp_path, "DayBook.xml")
    bring(office, path)
    pune = a_branch(office, "Pune")
    text = plan_import(pune, [path]).asks[0].text
    source = text.partition("--source ")[2].partition(";")[0]
    assert bring(pune, path, source=source) == 0
    assert len(list_vouchers(pune)) == 1


def test_what_was_imported_twice_anyway_is_listed_the_same_everywhere(tmp_path):
    office = a_company()
    pune = a_branch(office, "Pune")
    path = export(tmp_path, "DayBook.xml")
    bring(office, path)
    bring(pune, path)
    assert possible_duplicates(office) == []
    sync(pune, office)
    assert pairs(office) == pairs(pune) == [("number", "Receipt", "1", "500.00")]
    assert contents(office) == contents(pune)
    (pair,) = possible_duplicates(office)
    assert {len(sources) for sources in pair.sources} == {1}
    cancel(office, found(office, pair.documents[0].hex()))
    assert possible_duplicates(office) == []


def test_what_was_entered_and_then_imported_is_asked_about_and_listed(tmp_path):
    office = a_company()
    ledger(office, "Asha Stores")
    voucher(office, "Receipt", "Cash 500 / Asha Stores -500", reference="7")
    path = export(tmp_path, "DayBook.xml", [("HO/26-27/00001", *RECEIPT[1:])], [])
    assert "they were entered here: Receipt HO/26-27/00001 of 2026-04-02" in plan_import(office, [path]).asks[0].text
    bring(office, path, anyway=True)
    assert pairs(office) == [("number", "Receipt", "HO/26-27/00001", "500.00")]


def test_another_amount_date_or_type_is_another_voucher(tmp_path):
    office = a_company()
    bring(office, export(tmp_path, "DayBook.xml"), source="one")
    others = [
        ("1", "20260403", *RECEIPT[2:]),
        ("1", "20260402", "Payment", "", [("Asha Stores", "-500.00"), ("Cash", "500.00")]),
    ]
    for number, other in enumerate(others):
        bring(office, export(tmp_path, f"{number}.xml", [other]), source=f"other {number}")
    other = (*RECEIPT[:4], [("Cash", "-501.00"), ("Asha Stores", "501.00")])
    bring(office, export(tmp_path, "c.xml", [other]), source="third")
    assert possible_duplicates(office) == []


def test_two_alike_of_one_source_are_that_sources_business(tmp_path):
    office = a_company()
    alike = [("1", *RECEIPT[1:]), ("2", *RECEIPT[1:])]
    path = export(tmp_path, "DayBook.xml", alike)
    path.write_text(path.read_text().replace("<VOUCHERNUMBER>2<", "<VOUCHERNUMBER>1<"))
    bring(office, path)
    assert len(list_vouchers(office)) == 2
    assert possible_duplicates(office) == []


def test_one_bill_of_a_supplier_under_two_numbers(tmp_path):
    office = a_company()
    ledger(office, "Acme")
    ledger(office, "Purchases", "Purchase Accounts")
    voucher(office, "Purchase", "Purchases 500 / Acme -500", party="Acme", reference="B/7")
    bought = ("P9", "20260402", "Purchase", "", [("Purchases", "-500.00"), ("Acme", "500.00")])
    for party, expected in (("Other", []), ("Acme", ["reference"])):
        path = export(tmp_path, f"{party}.xml", [bought], [])
        beside = f"<REFERENCE>B/7</REFERENCE><PARTYLEDGERNAME>{party}</PARTYLEDGERNAME></VOUCHER>"
        text = path.read_text().replace("P9", party).replace("</VOUCHER>", beside)
        path.write_text(text.replace("<LEDGERNAME>Acme", f"<LEDGERNAME>{party}"))
        bring(office, path, source=party, anyway=True)
        assert [same for same, *_ in pairs(office)] == expected


def test_our_own_export_is_recognised_before_it_doubles_everything(tmp_path):
    office = a_company()
    ledger(office, "Asha")
    voucher(office, "Receipt", "Cash 5 / Asha -5")
    path = tmp_path / "out.xml"
    with path.open("wb") as out:
        write_tally(office, out)
    assert "1 of 1 new vouchers are in these books already" in plan_import(office, [path]).asks[0].text


def test_a_voucher_cancelled_here_is_not_brought_back_by_importing_it_again(tmp_path):
    office = a_company()
    bring(office, export(tmp_path, "DayBook.xml"))
    cancel(office, found(office, "1"))
    assert bring(office, tmp_path / "DayBook.xml") == 0
    changed = (*RECEIPT[:3], "again", RECEIPT[4])
    path = export(tmp_path, "DayBook.xml", [changed])
    path.write_text(path.read_text().replace("</VOUCHER>", "<ISCANCELLED>No</ISCANCELLED></VOUCHER>"))
    bring(office, path)
    (row,) = list_vouchers(office)
    assert (row["cancelled"], row["narration"]) == (True, "again")


def test_altering_here_does_not_make_an_import_ask(tmp_path):
    office = a_company()
    bring(office, export(tmp_path, "DayBook.xml"))
    alter(office, "1", narration="mine")
    assert plan_import(office, [tmp_path / "DayBook.xml"]).asks == []


def test_one_file_at_two_branches_is_one_problem_a_voucher_and_one_command_for_all(tmp_path):
    office = a_company()
    pune = a_branch(office, "Pune")
    path = export(tmp_path, "DayBook.xml", [RECEIPT, ("2", "20260403", *RECEIPT[2:])])
    bring(office, path)
    bring(pune, path)
    sync(pune, office)
    found_there = find_problems(office)
    assert [problem.code for problem in found_there] == ["possible-duplicate"] * 2
    assert [problem.json() for problem in found_there] == [problem.json() for problem in find_problems(pune)]
    assert "'unnamed' at Pune" in found_there[0].text
    source = find_source(office, f"{pune.member.author.hex()}/unnamed")
    assert find_source(office, source_in_words(office, source)) == source
    assert len(brought_twice(office, source)) == 2
    assert len(find_problems(office)) == 2, "a look changes nothing"
    assert len(settle_imported(office, source)) == 2
    sync(pune, office)
    assert find_problems(office) == find_problems(pune) == []
    assert sorted(row["cancelled"] for row in list_vouchers(office)) == [False, False, True, True]
    with pytest.raises(NotFound, match="nothing was imported from 'elsewhere'"):
        find_source(office, "elsewhere")
