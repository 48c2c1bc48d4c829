"""What is lost between two branches: borne by one, visible in its profit and loss, and nothing else is changed."""

import pytest

from khata.books import Books
from khata.entering_masters import add_master
from khata.errors import BooksError
from khata.reports.profit_loss import profit_and_loss
from khata.reports.span import Span
from khata.reports.trial_balance import trial_balance
from khata.transfers.entering import write_off
from khata.transfers.listing import show_transfer
from khata.transfers.mirror import mirror_report
from tests.khata.company import ledger
from tests.khata.transfers.shops import change, meet, named, of_transfers, send, shops, take


def balance(books: Books, name: str, branch: str = "") -> str:
    rows = trial_balance(books, Span(branch=branch))["rows"]
    return next((row["debit"] for row in rows if row["ledger"] == name), "0.00")


def short(of: str = "Soap:10@50", came: str = "Soap:9", amount: str = "") -> tuple[Books, Books, str]:
    office, pune = shops("Pune")
    sent = send(office, "Pune", of)
    meet(office, pune)
    take(pune, sent, short=came, amount=amount)
    meet(office, pune)
    return office, pune, sent.id.hex()


@pytest.mark.parametrize(("at", "branch"), [(0, "ho"), (1, "pun")])
def test_the_branch_that_bears_it_books_the_loss_and_the_accounts_mirror(at, branch):
    office, pune, id = short()
    (problem,) = of_transfers(office)
    assert [choice.command for choice in problem.choices[:2]] == [f"khata transfer write-off {id}"] * 2
    assert sorted(deed.what for deed in problem.deeds) == ["received it", "sent it"]
    books = (office, pune)[at]
    write_off(books, named(books, id))
    meet(office, pune)
    for copy in (office, pune):
        assert of_transfers(copy) == []
        assert mirror_report(copy)["mirrors"]
        assert mirror_report(copy)["pairs"][0]["difference"] == "0.00"
        assert balance(copy, "Goods Lost in Transit") == balance(copy, "Goods Lost in Transit", branch) == "50.00"
    shown = show_transfer(office, named(office, id))
    assert (shown["lost"], shown["differs"]) == ("50.00", False)
    assert [line["quantity"] for line in shown["dispatch"]["stock"]] == ["-10"]
    assert [line["quantity"] for line in shown["receipt"]["stock"]] == ["9"]


def test_the_profit_falls_by_what_was_lost():
    office, pune = shops("Pune")
    before = profit_and_loss(office)
    sent = send(office, "Pune", "500")
    meet(office, pune)
    take(pune, sent, amount="450")
    write_off(pune, named(pune, sent.id.hex()))
    meet(office, pune)
    assert balance(office, "Cash Lost in Transit") == "50.00"
    assert profit_and_loss(office) != before
    assert of_transfers(office) == []


def test_what_cannot_be_written_off_is_refused():
    office, pune, id = short()
    ledger(office, "Asha")
    with pytest.raises(BooksError, match="'Asha' is no expense"):
        write_off(office, named(office, id), "Asha")
    add_master(office, "ledger", "Breakage", {"group": office.names.find("group", "Direct Expenses").document})
    write_off(office, named(office, id), "Breakage")
    with pytest.raises(BooksError, match="nothing that was sent is missing"):
        write_off(office, named(office, id), "Breakage")
    meet(office, pune)
    assert balance(pune, "Breakage", "ho") == "50.00"


def test_what_was_sent_once_is_not_sent_again_when_it_is_altered():
    office, pune, id = short()
    change(office, id, "Soap:11@50")
    meet(office, pune)
    (problem,) = of_transfers(pune)
    told = [(deed.device, deed.what) for deed in problem.deeds]
    assert told.index(("Head Office", "sent it")) < told.index(("Head Office", "altered what was sent"))
    assert sorted(told)[2:] == [("Pune", "received it")]
