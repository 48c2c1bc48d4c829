"""Documents issued: first, last, how many and what is missing of each series, ours and imported."""

import json

from hypothesis import given
from hypothesis import strategies as st

from khata.entering import cancel
from khata.gst.documents_issued import Issued, by_series, documents_issued
from khata.reports.span import Span
from tests.khata.company import a_branch, a_company, found, put, sync, voucher

RECEIPT = "Cash 1 / Profit & Loss A/c -1"


def series(books, *asked, **more):
    return [
        f"{row['type']} {row['from']} to {row['to']}: {row['total']} less {row['cancelled']} is {row['net']}"
        for row in documents_issued(books, *asked, **more)
    ]


def imported(books, *numbers, date="2026-04-02", base="sales", **registers):
    """Put vouchers into the books as an import does, with the numbers they came with."""
    for number in numbers:
        posting = {"base": base, "type": b"t" * 16, "date": date}
        id = f"{base}{number}{date}".encode()[:16].ljust(16, b".")
        put(books, f"vouchers/ho/{base}/{date[:7]}", "voucher", id, posting=posting, number=number, **registers)


def test_own_series_by_type_device_and_year():
    office = a_company()
    pune = a_branch(office, "Pune")
    numbers = [voucher(office, "Receipt", RECEIPT).number for _ in range(3)]
    cancel(office, found(office, numbers[-1]))
    voucher(office, "Receipt", RECEIPT, date="2027-04-01")
    voucher(office, "Payment", "Profit & Loss A/c 1 / Cash -1")
    voucher(pune, "Receipt", RECEIPT)
    sync(pune, office)
    assert series(office) == series(pune) == [
        "Payment HO/26-27/00001 to HO/26-27/00001: 1 less 0 is 1",
        "Receipt HO/26-27/00001 to HO/26-27/00003: 3 less 1 is 2",
        "Receipt PUN/26-27/00001 to PUN/26-27/00001: 1 less 0 is 1",
        "Receipt HO/27-28/00001 to HO/27-28/00001: 1 less 0 is 1",
    ]  # fmt: skip
    assert series(office, Span(branch="Pune")) == series(office, base="receipt", branches={"pun"})
    assert documents_issued(office)[0]["table_13"] is None


def test_gaps_are_explained():
    office = a_company()
    pune = a_branch(office, "Pune")
    first, optional, later, _ = (
        voucher(pune, "Receipt", RECEIPT, optional=count == 1, date="2026-05-02" if count == 2 else "2026-04-02")
        for count in range(4)
    )
    sync(pune, office)
    imported(office, "PUN/26-27/00009", base="receipt")
    (row,) = documents_issued(office, Span(until="2026-04-30"))
    assert (row["from"], row["to"], row["total"]) == (first.number, "PUN/26-27/00009", 3)
    assert [(gap["from"], gap["to"], gap["count"], gap["why"]) for gap in row["gaps"]] == [
        (optional.number, optional.number, 1, "is optional, so it was not issued"),
        (later.number, later.number, 1, "is dated 2026-05-02"),
        ("PUN/26-27/00005", "PUN/26-27/00008", 4,
         "was given out at Pune and has not come here: run `khata sync`, then `khata problems`"),
    ]  # fmt: skip
    assert [(run["from"], run["total"]) for run in row["runs"]] == [
        ("PUN/26-27/00001", 1), ("PUN/26-27/00004", 1), ("PUN/26-27/00009", 1),
    ]  # fmt: skip


def test_imported_numbers_are_grouped_by_what_stands_around_the_part_that_counts():
    books = a_company()
    imported(books, "INV/0007/25-26", "INV/0008/25-26", "INV/0010/25-26", "EXP/0001/25-26", "17", "18", "A-1", "LOOSE")
    imported(books, "INV/0003/26-27", date="2027-04-02")
    assert series(books) == [
        "Sales 17 to 18: 2 less 0 is 2",
        "Sales A-1 to A-1: 1 less 0 is 1",
        "Sales EXP/0001/25-26 to EXP/0001/25-26: 1 less 0 is 1",
        "Sales INV/0007/25-26 to INV/0010/25-26: 3 less 0 is 3",
        "Sales LOOSE to LOOSE: 1 less 0 is 1",
        "Sales INV/0003/26-27 to INV/0003/26-27: 1 less 0 is 1",
    ]
    (gap,) = documents_issued(books)[3]["gaps"]
    assert (gap["from"], gap["why"]) == (
        "INV/0009/25-26", "is not among what was imported: deleted or left out where it came from",
    )  # fmt: skip


def test_a_number_used_twice_counts_twice_and_is_told():
    books = a_company()
    imported(books, "7", "8")
    put(books, "vouchers/ho/sales/2026-05", "voucher", b"n" * 16,
        posting={"base": "sales", "type": b"t" * 16, "date": "2026-05-02"}, number="7", cancelled=True)  # fmt: skip
    (row,) = documents_issued(books)
    assert (row["total"], row["cancelled"], row["twice"]) == (3, 1, ["7"])
    assert row["runs"] == [{"from": "7", "to": "8", "total": 2, "cancelled": 0}]


@given(st.lists(st.tuples(st.text(max_size=40), st.sampled_from(["sales", "?"])), max_size=12))
def test_every_document_is_in_one_series_whatever_its_number(numbers):
    documents = [Issued(text, base, "2026-04-02", "ho", False, False, bytes([at]))
                 for at, (text, base) in enumerate(numbers)]  # fmt: skip
    grouped = by_series(documents, "04-01")
    assert sorted(one.document for group in grouped.values() for _, one in group) == [one.document for one in documents]
    for one, group in grouped.items():
        for count, document in group:
            middle = document.number[len(one.prefix) : len(document.number) - len(one.suffix)]
            assert document.number == one.prefix + middle + one.suffix
            assert not middle or int(middle) == count


@given(st.sets(st.integers(1, 60), min_size=1, max_size=20), st.sets(st.integers(1, 60)))
def test_what_is_there_and_what_is_missing_make_up_the_whole(here, cancelled):
    books = a_company()
    for number in sorted(here):
        imported(books, f"INV-{number:03}", **({"cancelled": True} if number in cancelled else {}))
    (row,) = documents_issued(books)
    assert row["total"] + sum(gap["count"] for gap in row["gaps"]) == max(here) - min(here) + 1
    assert row["net"] == len(here - cancelled)
    assert sum(run["total"] for run in row["runs"]) == len(here)
    assert json.dumps(row)
