"""The same thing altered at two branches: balanced at every moment, both versions listed, one settlement ends it."""

from decimal import Decimal
from typing import Any

import pytest

from tests.e2e.shop import Copy, meet

BANK, PARTY = "HDFC Bank Current A/c", "Northwind Retail Limited"
CHEQUE = "Payment 111"


def alter(copy: Copy, amount: str, *more: str) -> None:
    copy.run("voucher", "alter", CHEQUE, "--debit", f"{PARTY}:{amount}", "--credit", f"{BANK}:{amount}", *more)


def assert_balanced(copy: Copy) -> None:
    balance = copy.run("report", "trial-balance")
    assert balance["debit"] == balance["credit"]
    sides = [sum(Decimal(row[side]) for row in balance["rows"]) for side in ("debit", "credit")]
    assert sides == [Decimal(balance["debit"]), Decimal(balance["credit"])]
    shown = copy.run("voucher", "show", CHEQUE)
    assert sum(Decimal(entry["amount"]) for entry in shown["entries"]) == 0


@pytest.fixture
def clashing(company):
    """Pune and Nagpur have altered the same cheque; nobody has met."""
    alter(company.pune, "150550.50", "--narration", "as Pune reads it")
    alter(company.nagpur, "155505.05", "--narration", "as Nagpur reads it")
    return company


def amounts(conflict: dict[str, Any]) -> list[str]:
    return sorted(value["value"]["entries"][0]["amount"] for value in conflict["values"])


def by_register(copy: Copy) -> dict[str, dict[str, Any]]:
    return {conflict["register"]: conflict for conflict in copy.run("conflicts")}


def test_both_versions_are_listed_everywhere_and_one_settlement_ends_it_everywhere(clashing):
    ho, pune, nagpur = clashing
    for one, other in ((pune, nagpur), (nagpur, ho), (ho, pune)):
        meet(one, other)
        for copy in clashing:
            assert_balanced(copy)
    listed = [copy.run("conflicts") for copy in clashing]
    assert listed[0] == listed[1] == listed[2]
    found = by_register(ho)
    assert set(found) == {"posting", "narration"}
    assert amounts(found["posting"]) == ["150550.50", "155505.05"]
    for conflict in found.values():
        assert set(conflict) >= {"id", "document", "register", "values"}
        assert {value["device"] for value in conflict["values"]} == {"Pune", "Nagpur"}
        assert all(set(value) >= {"value", "device", "at"} for value in conflict["values"])
    assert [problem["code"] for problem in ho.run("problems", "--branch", "Pune")] == ["conflict", "conflict"]
    for conflict in found.values():
        nagpur.run("conflicts", "settle", conflict["id"], "--take", "2")
        assert_balanced(nagpur)
    chosen = nagpur.run("voucher", "show", CHEQUE)
    meet(nagpur, pune)
    meet(pune, ho)
    for copy in clashing:
        assert copy.run("conflicts") == []
        assert copy.run("problems", "--code", "conflict") == []
        shown = copy.run("voucher", "show", CHEQUE)
        assert (shown["entries"], shown["narration"]) == (chosen["entries"], chosen["narration"])
        assert_balanced(copy)
        texts = str(copy.run("voucher", "history", CHEQUE))
        for text in ("150550.50", "155505.05", "as Pune reads it", "as Nagpur reads it"):
            assert text in texts
    assert ho.digest == pune.digest == nagpur.digest


def test_the_command_that_a_problem_names_settles_it(clashing):
    _, pune, nagpur = clashing
    meet(pune, nagpur)
    for problem in pune.run("problems", "--code", "conflict"):
        assert problem["settle"].startswith("khata ")
        pune.run(*problem["settle"].split()[1:])
    assert pune.run("problems", "--code", "conflict") == []


def test_a_conflict_is_settled_with_a_third_value(clashing):
    _, pune, nagpur = clashing
    meet(pune, nagpur)
    conflicts = by_register(pune)
    pune.run("conflicts", "settle", conflicts["narration"]["id"], "--value", '"as the bank says"')
    assert pune.run("voucher", "show", CHEQUE)["narration"] == "as the bank says"
    unbalanced = {**conflicts["posting"]["values"][0]["value"], "entries": [{"ledger": "Cash", "amount": "1.00"}]}
    refused = pune.fails(
        "conflicts", "settle", conflicts["posting"]["id"], "--value", repr(unbalanced).replace("'", '"')
    )
    assert "1.00" in refused
    assert by_register(pune).keys() == {"posting"}


def test_settling_at_two_places_differently_is_a_conflict_again(clashing):
    _, pune, nagpur = clashing
    meet(pune, nagpur)
    for position, copy in (("1", pune), ("2", nagpur)):
        copy.run("conflicts", "settle", by_register(copy)["posting"]["id"], "--take", position)
    meet(pune, nagpur)
    assert amounts(by_register(pune)["posting"]) == ["150550.50", "155505.05"]
    assert pune.run("conflicts") == nagpur.run("conflicts")
    assert_balanced(pune)


def test_a_settlement_of_a_list_that_has_changed_is_refused(clashing):
    ho, pune, nagpur = clashing
    meet(pune, nagpur)
    old = by_register(pune)["posting"]["id"]
    alter(ho, "99.00")
    meet(ho, pune)
    assert "conflict" in pune.fails("conflicts", "settle", old, "--take", "1")
    assert amounts(by_register(pune)["posting"]) == ["150550.50", "155505.05", "99.00"]


def test_the_same_new_ledger_at_two_branches_is_one_ledger(company):
    _, pune, nagpur = company
    pune.run("ledger", "add", "Ganesh Wholesale", "--group", "Sundry Debtors", "--address", "1 Laxmi Road")
    nagpur.run("ledger", "add", "ganesh  WHOLESALE", "--group", "Sundry Creditors", "--address", "9 Sitabuldi")
    pune.receipt("500.00", ledger="Ganesh Wholesale")
    nagpur.receipt("400.00", ledger="Ganesh Wholesale")
    meet(pune, nagpur)
    named = [row for row in pune.run("ledger", "list") if row["name"].casefold().startswith("ganesh")]
    assert len(named) == 1
    assert set(by_register(pune)) == {"name", "group", "address"}
    assert pune.run("conflicts") == nagpur.run("conflicts")
    assert pune.run("report", "ledger", "Ganesh Wholesale")["closing"] == "-900.00"
    assert_balanced(pune)


def test_an_alteration_that_arrived_while_a_form_was_open_is_not_swallowed(company):
    """`alter --version` edits what its author was looking at."""
    _, pune, nagpur = company
    version = pune.run("voucher", "show", CHEQUE)["version"]
    alter(nagpur, "155505.05")
    meet(pune, nagpur)
    alter(pune, "150550.50", "--version", version)
    assert amounts(by_register(pune)["posting"]) == ["150550.50", "155505.05"]


def test_one_cancels_what_the_other_alters(company):
    _, pune, nagpur = company
    pune.run("voucher", "cancel", CHEQUE)
    alter(nagpur, "155505.05")
    meet(pune, nagpur)
    for copy in (pune, nagpur):
        assert copy.run("voucher", "show", CHEQUE)["cancelled"]
        assert "155505.05" in str(copy.run("voucher", "history", CHEQUE))
        assert_balanced(copy)
