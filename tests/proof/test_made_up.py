"""Any names, any depth of groups, any dates, openings, merges and gaps: three programs agree with khata all the same.

A few large examples prove more for their time than many small ones, because each starts three programs; they are the
same in every run.
"""

import tempfile
from pathlib import Path
from random import Random

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from khata.importing import carry_out, plan_import
from khata.reports.span import EVERYTHING, Span
from tests.khata.company import a_branch, a_company, ledger, sync, voucher
from tests.khata.tally import generate
from tests.khata.transfers.shops import meet, send, shops, take
from tests.proof.made_up import companies, dates, made_up
from tests.proof.proving import prove

# Every try starts three programs, so a failing example is shown as it was found instead of being made smaller first.
AS_FOUND = (Phase.explicit, Phase.generate)


def proved(books, span=EVERYTHING):
    with tempfile.TemporaryDirectory() as folder:
        return prove(books, Path(folder), span)


@settings(max_examples=40, derandomize=True, phases=AS_FOUND)
@given(companies, st.sampled_from(["everything", "since", "until", "branch"]), dates)
def test_a_company_with_any_names_amounts_and_dates(drawn, which, date):
    books = made_up(drawn)
    spans = {"since": Span(since=date), "until": Span(until=date), "branch": Span(branch="HO")}
    proved(books, spans.get(which, EVERYTHING))


@settings(max_examples=8, derandomize=True, phases=AS_FOUND)
@given(st.integers(0, 2**32))
def test_a_company_as_tally_exports_it(seed):
    made = generate.company(Random(seed), vouchers=120)
    books = a_company()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "everything.xml"
        path.write_bytes(made.xml())
        carry_out(books, plan_import(books, [path]))
    balances = proved(books)
    expected = {name: opening for name, (_, opening) in made.ledgers.items()}
    for found in made.vouchers:
        if not found.optional and not found.cancelled and made.types[found.type] != "Stock Journal":
            for line in found.lines:
                expected[line.ledger] += line.amount
    by_name = {books.names.find("ledger", name).document.hex(): amount for name, amount in expected.items()}
    assert {id: balances.get(id, 0) * 100 for id in by_name} == by_name


def test_two_branches_apart_and_together(tmp_path):
    office = a_company()
    ledger(office, "Asha Stores")
    ledger(office, "Sales", "Sales Accounts")
    pune = a_branch(office, "Pune", "PUN")
    voucher(office, "Sales", "Asha Stores 100.0001 / Sales -100.0001", date="2026-04-01")
    voucher(pune, "Receipt", "Cash 40 / Asha Stores -40", date="2025-12-31")
    apart = prove(pune, tmp_path)
    sync(office, pune)
    together = prove(office, tmp_path)
    assert together == prove(pune, tmp_path)
    assert together.keys() > apart.keys()
    for branch in ("HO", "PUN"):
        prove(office, tmp_path, Span(branch=branch))


def test_transfers_on_their_way_and_arrived(tmp_path):
    office, pune = shops("Pune")
    arrived = send(office, "Pune", "Soap:10@50.5")
    send(office, "Pune", "1234.5678", date="2026-04-01")
    meet(office, pune)
    take(pune, arrived)
    meet(office, pune)
    together = prove(office, tmp_path)
    assert together == prove(pune, tmp_path)
    assert any(together.values())
    parts = [prove(office, tmp_path, Span(branch=branch)) for branch in ("HO", "PUN")]
    assert together == {id: sum(part.get(id, 0) for part in parts) for id in together}
    prove(pune, tmp_path, Span(since="2026-04-02", branch="PUN"))
