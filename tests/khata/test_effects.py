"""What vouchers do to balances, told in words."""

from khata.books import Change
from khata.effects import of_vouchers
from khata.problems import find_problems
from p2p.scope import master_scope
from tests.khata.company import a_branch, a_company, found, ledger, sync, voucher


def test_two_ledgers_of_one_name_are_told_apart_by_name_and_the_first_digits_of_their_ids():
    office = a_company()
    pune = a_branch(office, "Pune")
    made = [ledger(books, name, "Sundry Debtors") for books, name in ((office, "Meera"), (pune, "Asha"))]
    entered = [voucher(books, "Receipt", f"Cash 5 / {name} -5") for books, name in ((office, "Meera"), (pune, "Asha"))]
    # Past every rule, as two branches could that are apart.
    office.save(master_scope("ledger"), [Change("ledger", made[0].id, {"name": "Asha"})])
    sync(office, pune)
    rows = [found(office, one.id.hex()).row for one in entered]
    assert of_vouchers(office, rows) == tuple(
        sorted([*((f"Asha ({one.id.hex()[:8]})", -50_000) for one in made), ("Cash", 100_000)])
    )
    assert not any("id:" in ledger for problem in find_problems(office) for ledger, _ in problem.effect)
