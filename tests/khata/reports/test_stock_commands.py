"""Stock, bills and cost centres on the command line: tables for people, JSON for programs, sentences for mistakes."""

import json
import sys

import pytest

from khata.cli import main


class Shop:
    """The books of a shop and the command line on them; `told` is what was printed for the last voucher entered."""

    def __init__(self, folder, capsys, monkeypatch):
        self.folder, self.capsys, self.monkeypatch = folder, capsys, monkeypatch
        self.told = None

    def __call__(self, *arguments, code=0):
        """Run one command in this process; gives what it printed and what it complained of."""
        self.monkeypatch.setattr(
            sys, "argv", ["khata", "--books", str(self.folder / "ho"), "--user", "asha", *arguments]
        )
        ended: str | int = 0
        try:
            main()
        except SystemExit as end:
            ended = end.code or 0
        assert ended == code
        return self.capsys.readouterr()

    def enter(self, type, *entries, **fields):
        """Enter a voucher from a file."""
        file = self.folder / "voucher.json"
        made = [{"ledger": name, "amount": amount, **rest} for name, amount, rest in entries]
        file.write_text(json.dumps({"type": type, "date": "2026-04-02", "entries": made, **fields}))
        self.told = self("voucher", "add", "--file", str(file))


@pytest.fixture
def khata(tmp_path, capsys, monkeypatch):
    """A shop that bought ten, sent four to Pune and sold five there."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    shop = Shop(tmp_path, capsys, monkeypatch)
    shop("init", "Sharma Traders", "--branch", "Head Office", "--code", "HO")
    for name, group in (("Asha", "Sundry Debtors"), ("Ravi", "Sundry Creditors"), ("Sales", "Sales Accounts")):
        shop("ledger", "add", name, "--group", group)
    shop("master", "add", "stock-group", "Toiletries")
    shop("master", "add", "unit", "Nos")
    shop("master", "add", "godown", "Pune")
    shop("master", "add", "stock-item", "Soap", "--set", "parent=Toiletries", "--set", "unit=Nos")
    shop("master", "add", "cost-centre", "Counter")
    bill = {"kind": "new", "name": "A-1", "amount": "150000", "credit_period": "30 Days"}
    counter = {"centre": "Counter", "amount": "-150000"}
    shop.enter("Receipt Note", stock=[{"item": "Soap", "quantity": "10", "amount": "125000", "batch": "B1"}])
    shop.enter("Stock Journal", stock=[{"item": "Soap", "quantity": "-4", "destination": "Pune", "batch": "B1"}])
    shop.enter(
        "Sales",
        ("Asha", "150000", {"bills": [bill]}),
        ("Sales", "-150000", {"costs": [counter]}),
        stock=[{"item": "Soap", "quantity": "-5", "amount": "-150000", "godown": "Pune", "batch": "B1"}],
    )
    return shop


def lines(printed):
    return [" ".join(line.split()) for line in printed.out.splitlines()]


def test_stock_is_printed_by_group_item_godown_and_batch(khata):
    assert lines(khata("report", "stock")) == [
        "Sharma Traders: stock summary, weighted average",
        "Item Unit Opening Value In Value Out Value Closing Value Rate",
        "Toiletries Nos 10 1,25,000.00 5 62,500.00 5 62,500.00",
        "Soap Nos 10 1,25,000.00 5 62,500.00 5 62,500.00 12,500.00",
        "in Main Location 10 1,25,000.00 4 50,000.00 6 75,000.00",
        "in Pune 4 50,000.00 5 62,500.00 -1 -12,500.00",
        "Total 1,25,000.00 62,500.00 62,500.00",
    ]
    assert "- B1 4 50,000.00 5 62,500.00 -1 -12,500.00" in lines(khata("report", "stock", "--batches"))
    found = json.loads(khata("report", "stock", "--method", "fifo", "--branch", "HO", "--json").out)
    assert (found["method"], found["branch"], found["items"][0]["closing"]["value"]) == ("fifo", "ho", "62500.00")


def test_the_movements_of_an_item_are_printed_with_what_is_left(khata):
    printed = lines(khata("report", "stock-item", "soap", "--godown", "Pune"))
    assert printed[-2].endswith("Pune B1 5 62,500.00 -1 -12,500.00")
    assert json.loads(khata("report", "stock-item", "Soap", "--json").out)["closing"]["quantity"] == "5"
    assert "no stock item is called 'Sope'" in khata("report", "stock-item", "Sope", code=1).err
    assert "average and fifo" in khata("report", "stock", "--method", "lifo", code=1).err


def test_who_takes_a_godown_below_nothing_is_told_and_not_refused(khata):
    assert "HO/26-27/00001" in khata.told.out
    assert "saved, but Soap in Pune is below nothing since 2026-04-02: -1 Nos" in khata.told.err


def test_bills_are_printed_by_party_with_their_age(khata):
    assert lines(khata("report", "receivable", "--on", "2026-06-01")) == [
        "Sharma Traders: bills receivable, the beginning to 2026-06-01",
        "Party Date Bill Due Original Settled Pending Overdue days Age",
        "Asha 2026-04-02 A-1 2026-05-02 1,50,000.00 1,50,000.00 30 31-60",
        "Balance 1,50,000.00",
        "Total 1,50,000.00",
        "Ageing by date of bill",
        "not due 0-30 days 31-60 days 61-90 days >90 days Total",
        "0.00 0.00 1,50,000.00 0.00 0.00 1,50,000.00",
    ]
    found = json.loads(khata("report", "receivable", "--json", "--buckets", "10,20", "--by", "due").out)
    assert [row["days"] for row in found["total"]["ageing"]] == ["not due", "0-10", "11-20", ">20"]
    assert json.loads(khata("report", "payable", "--json").out)["parties"] == []
    assert "is no list of days" in khata("report", "payable", "--buckets", "a,b", code=2).err
    assert "must rise" in khata("report", "payable", "--buckets", "60,30", code=1).err


def test_what_has_no_age_stands_beside_the_ages_so_that_all_adds_up(khata):
    khata.enter("Receipt", ("Cash", "1000.50", {}), ("Asha", "-1000.50", {}))
    printed = lines(khata("report", "receivable", "--on", "2026-06-01"))
    assert "Not allocated -1,000.50" in printed
    assert printed[-2:] == [
        "not due 0-30 days 31-60 days 61-90 days >90 days Not allocated Total",
        "0.00 0.00 1,50,000.00 0.00 0.00 -1,000.50 1,48,999.50",
    ]


def test_profit_and_loss_says_what_is_added_and_what_is_subtracted(khata):
    khata("ledger", "add", "Freight", "--group", "Direct Expenses")
    khata.enter("Payment", ("Freight", "9000", {}), ("Cash", "-9000", {}))
    khata("ledger", "add", "Rent", "--group", "Indirect Expenses")
    khata.enter("Payment", ("Rent", "200000", {}), ("Cash", "-200000", {}))
    assert lines(khata("report", "profit-loss")) == [
        "Sharma Traders: profit and loss",
        "Of which Amount",
        "Trading account",
        "Sales and direct incomes 1,50,000.00",
        "Sales Accounts 1,50,000.00",
        "· Sales 1,50,000.00",
        "Add: closing stock 62,500.00",
        "Less: opening stock 0.00",
        "Less: purchases and direct expenses 9,000.00",
        "Direct Expenses 9,000.00",
        "· Freight 9,000.00",
        "Gross profit 2,03,500.00",
        "Profit and loss account",
        "Add: indirect incomes 0.00",
        "Less: indirect expenses 2,00,000.00",
        "Indirect Expenses 2,00,000.00",
        "· Rent 2,00,000.00",
        "Net profit 3,500.00",
    ]
    khata.enter("Payment", ("Rent", "4000", {}), ("Cash", "-4000", {}))
    assert lines(khata("report", "profit-loss"))[-1] == "Net loss 500.00"


def test_cost_centres_are_printed_by_category_and_ledger(khata):
    assert lines(khata("report", "cost-centres"))[2:] == [
        "Primary Cost Category -1,50,000.00",
        "Counter -1,50,000.00 -1,50,000.00",
        "Sales -1,50,000.00",
    ]
    found = json.loads(khata("report", "cost-centres", "--from", "2026-05-01", "--json").out)
    assert found["categories"] == found["uncharged"] == []
