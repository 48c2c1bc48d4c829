"""Stock that came from Tally's files: its own closing figures come out, and vouchers move it as they do there."""

from pathlib import Path

import pytest

from khata.reports.stock_summary import stock_summary
from tests.khata.company import a_company
from tests.khata.tally.texts import account, file, some, stock, voucher
from tests.khata.test_importing import imported

SAMPLE = Path(__file__).parents[2] / "data/tally/tally-mcp/stock-items-populated.xml"
GUID = "61c6de69-1748-461c-ad3f-162cb949df9f"
IN, OUT = "INVENTORYENTRIESIN.LIST", "INVENTORYENTRIESOUT.LIST"


@pytest.fixture
def books(tmp_path):
    """Books with what Tally exported of two items, and a way to import vouchers after them."""
    made = a_company()
    imported(made, SAMPLE)

    def also(*vouchers):
        path = tmp_path / "vouchers.xml"
        path.write_bytes(file(*vouchers))
        imported(made, path, source="another")
        return made

    return also


def place(godown, quantity, amount="", more=""):
    worth = f"<AMOUNT>{amount}</AMOUNT>" if amount else ""
    return (
        f"<BATCHALLOCATIONS.LIST><GODOWNNAME>{godown}</GODOWNNAME>{more}<ACTUALQTY>{quantity}</ACTUALQTY>{worth}"
        "</BATCHALLOCATIONS.LIST>"
    )


def numbered(at, *inside, **given):
    return voucher(*inside, guid=f"{GUID}-{at:08x}", number=str(at), **given)


def closing(books, item="Acetyle-L-Carnitine HCL"):
    (row,) = [row for row in stock_summary(books)["items"] if row["item"] == item]
    places = {place["godown"]: place["closing"]["quantity"] for place in row["godowns"]}
    return row["closing"]["quantity"], row["closing"]["value"], places


ITEM = "Acetyle-L-Carnitine HCL"


def test_what_is_left_after_a_sale_is_worth_what_tally_says(books):
    sold = stock(ITEM, "5000.00", account("Sales", "5000.00"), quantity="100 Kgs.")
    made = books(numbered(1, some("Asha", "-5000.00"), sold))
    assert closing(made) == ("1000", "20000.00", {"Main Location": "1000"})


def test_a_stock_journal_moves_between_godowns_and_a_count_sets_what_is_there(books):
    arrives = stock(ITEM, "-2000.00", place("Pune", "100 Kgs.", "-2000.00"), IN, "100 Kgs.")
    leaves = stock(ITEM, "2000.00", place("Main Location", "100 Kgs.", "2000.00"), OUT, "100 Kgs.")
    counted = stock(ITEM, "", place("Pune", "90 Kgs."), quantity="90 Kgs.")
    made = books(
        numbered(1, arrives, leaves, kind="Stock Journal"),
        numbered(2, counted, kind="Physical Stock", date="20260402"),
    )
    assert closing(made) == ("1090", "21800.00", {"Main Location": "1000", "Pune": "90"})


def test_an_invoice_does_not_move_again_what_its_delivery_note_moved(books):
    tracked = "<TRACKINGNUMBER>DN/1</TRACKINGNUMBER>"
    moved = place("Main Location", "100 Kgs.", "5000.00", tracked)
    note = numbered(1, stock(ITEM, "5000.00", moved, quantity="100 Kgs."), kind="Delivery Note")
    invoice = numbered(
        2, some("Asha", "-5000.00"), stock(ITEM, "5000.00", account("Sales", "5000.00") + moved, quantity="100 Kgs.")
    )
    assert closing(books(note, invoice))[:2] == ("1000", "20000.00")
