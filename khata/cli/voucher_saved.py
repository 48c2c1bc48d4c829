"""What is said after a voucher was entered, altered or cancelled."""

from typing import TYPE_CHECKING, Any

from khata.cli.frame import complain, grouped, print_json, print_table, saved, say, told

if TYPE_CHECKING:
    from khata.books import Books
    from khata.entering import Entered


def print_entered(books: "Books", entered: "Entered", as_json: bool, what: str = "", worked_out: bool = False) -> None:
    """Say what was saved and what came of it, and tell a serving process.

    Args:
        what: a word before the voucher, such as "cancelled ".
        worked_out: khata made amounts of it, which are shown.
    """
    from khata.gst.invoice_summary import invoice_summary
    from khata.reports.negative_stock import taken_below

    for register in entered.settled:
        complain(f"this settled the conflict on {register}; `khata voucher history` shows the other value")
    for below in taken_below(books, entered.id):
        complain(f"saved, but {below.text}; `khata report stock-item` shows how it came to that")
    row, kind = books.db.execute(
        "SELECT v.id, v.type FROM vouchers v WHERE v.document=? ORDER BY v.id DESC LIMIT 1", (entered.id,)
    ).fetchone()
    type = books.names.label("voucher-type", kind)
    summary = invoice_summary(books, row) if worked_out else {}
    name = f"{type} {entered.number or entered.id.hex()}"
    if as_json:
        told(books)
        commit = None if entered.commit is None else entered.commit.hex()
        print_json({"id": entered.id.hex(), "type": type, "number": entered.number, "commit": commit, **summary})
        return
    if summary:
        _print_summary(summary)
    if entered.commit is None:
        say(f"nothing to change: {name} is like that already")
    else:
        saved(books, f"{what}{name}")


def _print_summary(summary: dict[str, Any]) -> None:
    rows = [
        (row["item"], f"{row['quantity']} {row['unit']}".strip(), row["rate"],
         f"{row['discount']}%" if row["discount"] else "", grouped(row["amount"]))
        for row in summary["items"]
    ]  # fmt: skip
    rows += [(row["ledger"], "", "", "", grouped(row["amount"])) for row in (*summary["charges"], *summary["tax"])]
    if summary["rounding"] != "0.00":
        rows.append(("Rounding", "", "", "", grouped(summary["rounding"])))
    rows.append(("Total", "", "", "", grouped(summary["total"]) or "0.00"))
    print_table(("", "Quantity>", "Rate>", "Discount>", "Amount>"), rows)
