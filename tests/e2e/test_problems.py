"""Two branches work apart and break, together, rules that neither broke alone: all is listed at both, and settled."""

import shlex
from pathlib import Path
from typing import Any

from tests.e2e.conftest import Company
from tests.e2e.shop import meet

INVOICE = "Payment 111"
PARTY, BANK = "Northwind Retail Limited", "HDFC Bank Current A/c"
SPARE, OLD = "Spare Supplier", "Old Customer"


def day_book(path: Path, guid: str, amount: str) -> str:
    """A Tally export of one receipt with the number 55."""
    path.write_text(
        "<ENVELOPE><HEADER><TALLYREQUEST>Import Data</TALLYREQUEST></HEADER><BODY><IMPORTDATA><REQUESTDATA>"
        f'<TALLYMESSAGE><VOUCHER VCHTYPE="Receipt"><GUID>{guid}</GUID><DATE>20260903</DATE>'
        "<VOUCHERTYPENAME>Receipt</VOUCHERTYPENAME><VOUCHERNUMBER>55</VOUCHERNUMBER>"
        f"<ALLLEDGERENTRIES.LIST><LEDGERNAME>Cash</LEDGERNAME><AMOUNT>-{amount}</AMOUNT></ALLLEDGERENTRIES.LIST>"
        f"<ALLLEDGERENTRIES.LIST><LEDGERNAME>{PARTY}</LEDGERNAME><AMOUNT>{amount}</AMOUNT></ALLLEDGERENTRIES.LIST>"
        "</VOUCHER></TALLYMESSAGE></REQUESTDATA></IMPORTDATA></BODY></ENVELOPE>",
        encoding="utf-8",
    )
    return str(path)


def work_apart(company: Company, folder: Path) -> None:
    """What the issue says: create, rename, delete, import, lock and alter, each knowing nothing of the other."""
    ho, pune, nagpur = company
    for copy, group, name, amount in ((pune, "Sundry Debtors", "Customer One", "150550.50"),
                                      (nagpur, "Sundry Creditors", "Customer Two", "155505.05")):  # fmt: skip
        copy.run("ledger", "add", "Ganesh Wholesale", "--group", group)
        copy.run("ledger", "alter", OLD, "--name", name)
        copy.run("import", day_book(folder / f"{name}.xml", f"guid-{name}", amount), "--source", name)
        copy.run("voucher", "alter", INVOICE, "--debit", f"{PARTY}:{amount}", "--credit", f"{BANK}:{amount}")
    pune.run("master", "delete", "ledger", SPARE)
    nagpur.receipt("70.00", ledger=SPARE, date="2026-09-15")
    ho.run("lock", "set", "2026-08-31", "--branch", "Nagpur", "--anyway")
    nagpur.receipt("9.00", ledger="Café Naïve Traders", date="2026-08-20")


def gather(company: Company) -> None:
    """Let all three come to hold the same."""
    ho, pune, nagpur = company
    with ho.serve() as serving:
        pune.sync(serving.address)
        nagpur.sync(serving.address)
        pune.sync(serving.address)


def listed(company: Company) -> list[dict[str, Any]]:
    """The problems, after looking that all three list the same."""
    lists = [copy.run("problems") for copy in company]
    assert lists[0] == lists[1] == lists[2]
    found: list[dict[str, Any]] = lists[0]
    return found


def test_what_two_branches_did_apart_is_listed_at_both_and_settled_by_the_commands_it_names(company, tmp_path):
    ho, pune, nagpur = company
    for name in (SPARE, OLD):
        ho.run("ledger", "add", name, "--group", "Sundry Debtors")
    gather(company)
    before = listed(company)
    work_apart(company, tmp_path)
    gather(company)
    problems = [problem for problem in listed(company) if problem not in before]
    assert [problem["code"] for problem in problems] == [
        "conflict", "conflict", "conflict", "duplicate-number", "deleted-master-in-use", "late-voucher",
    ]  # fmt: skip
    assert {conflict["register"] for conflict in ho.run("conflicts")} == {"group", "name", "posting"}
    for problem in problems:
        assert {who["device"] for who in problem["who"]} <= {"Pune", "Nagpur"}
        assert problem["who"]
        assert problem["settle_choices"]
        text = ho.run("problems", "show", problem["id"], json=False).said
        assert problem["settle"] in text
    at_stake = {problem["code"]: problem["at_stake"] for problem in problems if problem["effect"]}
    assert at_stake.keys() == {"conflict", "duplicate-number", "deleted-master-in-use", "late-voucher"}
    for problem in problems:
        program, *arguments = shlex.split(problem["settle"])
        assert program == "khata"
        nagpur.run(*arguments)
    gather(company)
    assert listed(company) == before
    assert ho.digest == pune.digest == nagpur.digest
    for copy in company:
        balance = copy.run("report", "trial-balance")
        assert balance["debit"] == balance["credit"]
    nagpur.verify()


def test_goods_for_one_that_both_sold_are_reported_at_both_and_no_sale_is_refused(company):
    ho, pune, nagpur = company
    opening = '[{"quantity": "10", "rate": "5", "value": "50.00"}]'
    ho.run("master", "add", "stock-item", "Last Lot", "--set", f"opening={opening}")
    ho.run("ledger", "add", "Counter Sales", "--group", "Sales Accounts")
    gather(company)
    before = listed(company)
    for copy in (pune, nagpur):
        sold = copy.run(
            "voucher", "add", "--type", "Sales", "--date", "2026-08-05", "--party", "Café Naïve Traders",
            "--item", "Last Lot:8@9", "--account", "Counter Sales", "--as-entered",
        )  # fmt: skip
        assert sold["number"]
        assert copy.run("problems") == before, "there is enough for one"
    gather(company)
    (problem,) = [problem for problem in listed(company) if problem not in before]
    assert problem["code"] == "negative-stock"
    assert "-6" in problem["text"]
    assert problem["branches"] == ["nag", "pun"]
    assert {who["device"] for who in problem["who"]} == {"Pune", "Nagpur"}
    pune.run("voucher", "add", "--type", "Purchase", "--date", "2026-08-05", "--party", "Café Naïve Traders",
             "--item", "Last Lot:6@5", "--account", "Counter Sales", "--as-entered")  # fmt: skip
    meet(pune, ho)
    assert ho.run("problems") == before, "it ends by itself when the goods come in"
