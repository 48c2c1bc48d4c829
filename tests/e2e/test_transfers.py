"""Goods and cash between branches, by real processes: Pune sends, Nagpur receives, head office's report mirrors."""

import json

from tests.e2e.shop import meet

DAY, LATER = "2026-08-05", "2026-08-07"


def all_meet(company):
    for other in (company.pune, company.nagpur, company.pune):
        meet(company.ho, other)


def send(copy, to, *what, date=DAY):
    return copy.run("transfer", "send", to, *what, "--date", date)


def of_transfers(copy):
    return [problem for problem in copy.run("problems") if problem["code"].startswith("transfer-")]


def test_pune_sends_nagpur_receives_and_the_report_of_head_office_mirrors(company):
    ho, pune, nagpur = company
    ho.run("master", "add", "stock-item", "Soap", json=False)
    all_meet(company)
    goods = send(pune, "Nagpur", "--item", "Soap:10@50")
    cash = send(pune, "Head Office", "--cash", "5000", "--narration", "takings of the week")
    assert (goods["number"], cash["number"]) == ("PUN/26-27/T0001", "PUN/26-27/00001")
    all_meet(company)

    waiting = {row["number"]: row for row in ho.run("transfer", "list", "--in-transit")}
    assert {number: row["sent"] for number, row in waiting.items()} == {
        goods["number"]: "500.00",
        cash["number"]: "5000.00",
    }
    transit = {pair["branches"][0]["name"]: pair["in_transit"] for pair in ho.run("report", "branches")["pairs"]}
    assert transit == {
        "Head Office": {"goods": "0.00", "cash": "5000.00"},
        "Nagpur": {"goods": "500.00", "cash": "0.00"},
    }
    assert "Nagpur can receive" in ho.fails("transfer", "receive", goods["number"])

    received = nagpur.run("transfer", "receive", goods["number"], "--short", "Soap:9", "--date", LATER)
    ho.run("transfer", "receive", cash["id"], "--date", LATER)
    all_meet(company)
    report = ho.run("report", "branches")
    (why,) = [why for pair in report["pairs"] for why in pair["reasons"]]
    assert (why["kind"], why["amount"]) == ("legs-differ", "50.00")
    assert [voucher["number"] for voucher in why["vouchers"]] == [goods["number"], received["number"]]
    assert why["goods"][0]["quantity"] == "1"
    (problem,) = of_transfers(ho)
    assert problem["code"] == "transfer-legs-differ"

    # The command that the problem names, run at the branch that it names.
    agree = next(choice for choice in problem["settle_choices"] if "transfer alter" in choice["command"])
    assert agree["words"].endswith("at Pune")
    _, *command = agree["command"].split()
    pune.run(*command)
    all_meet(company)
    assert of_transfers(ho) == []
    report = ho.run("report", "branches")
    assert report["mirrors"]
    balances = [[side["balance"] for side in pair["branches"]] for pair in report["pairs"]]
    assert balances == [["-5000.00", "5000.00"], ["-450.00", "450.00"]]
    for command in (("report", "branches"), ("transfer", "list"), ("problems",), ("report", "trial-balance")):
        assert pune.run(*command) == nagpur.run(*command) == ho.run(*command)
    assert pune.digest == nagpur.digest == ho.digest
    for copy in company:
        copy.verify()


def test_a_dispatch_written_to_a_file_is_sent_as_it_stands(company):
    pune = company.pune
    meet(company.ho, pune)
    send(pune, "Nagpur", "--cash", "100")
    form = {
        "date": DAY,
        "narration": "by hand",
        "entries": [{"ledger": "Branch Nagpur", "amount": "75"}, {"ledger": "Cash", "amount": "-75"}],
    }
    sent = pune.start("transfer", "send", "Nagpur", "--file", "-", "--json", given=json.dumps(form)).wait()
    assert sent.code == 0, sent.said
    shown = pune.run("transfer", "show", sent.json["id"])
    assert (shown["sent"], shown["dispatch"]["narration"]) == ("75.00", "by hand")
    altered = {**shown["dispatch"], "entries": [
        {"ledger": "Branch Nagpur", "amount": "80"}, {"ledger": "Cash", "amount": "-80"},
    ]}  # fmt: skip
    pune.run("transfer", "alter", sent.json["id"], "--file", "-", given=json.dumps(altered))
    assert pune.run("transfer", "show", sent.json["id"])["sent"] == "80.00"
    history = pune.run("transfer", "history", sent.json["id"])
    assert [change["register"] for save in history for change in save["changes"]] == ["dispatch", "route", "dispatch"]


def test_transfers_are_printed_for_people(company):
    pune = company.pune
    meet(company.ho, pune)
    sent = send(pune, "Nagpur", "--cash", "125000")
    assert "1,25,000.00" in pune.run("transfer", "list", json=False).out
    assert "in transit" in pune.run("transfer", "show", sent["number"], json=False).said
    printed = pune.run("report", "branches", json=False).said
    assert "the accounts mirror, but for what is in transit" in printed
    assert sent["number"] in printed
    assert "cancelled" in pune.run("transfer", "cancel", sent["number"], json=False).said
    assert "cancelled" in pune.run("transfer", "show", sent["number"], json=False).said
    assert pune.run("report", "branches")["mirrors"]
    assert "say what is sent" in pune.fails("transfer", "send", "Nagpur", code=2)
    assert "Soap:10@50" in pune.fails("transfer", "send", "Nagpur", "--item", "Soap", code=2)
    assert "Soap:9" in pune.fails("transfer", "receive", sent["number"], "--short", "Soap", code=2)
    assert "khata transfer list" in pune.fails("transfer", "show", "nothing")
