"""A voucher altered five times by three devices, two of them apart: `khata log` tells it alike at all three."""

import json

from tests.e2e.conftest import Company
from tests.e2e.shop import meet


def test_the_true_story_of_a_voucher(company: Company):
    ho, pune, nagpur = company
    number = ho.receipt("500", "Bill 7")["number"]
    meet(ho, pune)
    meet(ho, nagpur)
    pune.run("voucher", "alter", number, "--narration", "Bill 8")
    meet(ho, pune)
    meet(ho, nagpur)
    # Pune and Nagpur are apart now, and each goes on with what it knows.
    ledger = "Café Naïve Traders"
    pune.run("voucher", "alter", number, "--debit", "Cash:600", "--credit", f"{ledger}:600")
    nagpur.run("voucher", "alter", number, "--debit", "Cash:700", "--credit", f"{ledger}:700")
    pune.run("voucher", "alter", number, "--reference", "R-1")
    meet(ho, pune)
    meet(ho, nagpur)
    (conflict,) = [one for one in ho.run("conflicts") if number in one["name"]]
    ho.run("conflicts", "settle", conflict["id"], "--take", "2")
    meet(ho, pune)
    meet(ho, nagpur)

    logs = [copy.start("log", "--json").wait().out for copy in company]
    assert logs[0] == logs[1] == logs[2]
    told = [entry for entry in json.loads(logs[0]) if entry["name"] == f"Receipt {number}"]
    assert told == ho.run("log", "--voucher", number)
    assert [(entry["device"], entry["action"]) for entry in told] == [
        ("Head Office", "entered"), ("Pune", "altered"),
        ("Pune", "altered"), ("Nagpur", "altered"), ("Pune", "altered"), ("Head Office", "settled"),
    ]  # fmt: skip
    (clash,) = [change for entry in told for change in entry["changes"] if change["beside"]]
    assert (clash["register"], [claim["device"] for claim in clash["beside"]]) == ("posting", ["Pune"])
    (settled,) = told[-1]["changes"]
    assert {claim["device"] for claim in settled["settled"]} == {"Pune", "Nagpur"}
    assert settled["after"] == next(claim["value"] for claim in settled["settled"] if claim["device"] == "Pune")
    assert told[-1]["story"].endswith(f": chose that of {told[1]['user']} at Pune")
    for copy in company:
        copy.verify()


def test_both_find_what_either_entered(company: Company):
    ho, pune, _ = company
    pune.receipt("4321.50", "चाय for the shop")
    meet(ho, pune)
    for copy in (ho, pune):
        (found,) = copy.run("find", "चाय 4,321.50")
        assert (found["amount"], found["branch"]) == ("4321.50", "pun")
    assert ho.run("find", "cafe naive") == pune.run("find", "cafe naive")


def test_a_voucher_let_into_a_locked_period_is_named_and_its_log_says_so(company: Company):
    ho, pune, _ = company
    number = pune.receipt("77.00", "late")["number"]
    ho.run("lock", "set", "2026-12-31", "--anyway")
    meet(ho, pune)
    said = ho.start("lock", "admit", number).wait().out
    assert said.startswith(f"saved {number}: 1 admitted; ")
    meet(ho, pune)
    for copy in (ho, pune):
        assert copy.run("log", "--voucher", number)[-1]["story"] == (
            f"Head Office admitted Receipt {number} into a locked period"
        )
