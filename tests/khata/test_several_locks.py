"""Locks one after the other: what a period closed with stays, whatever is done about it later and wherever."""

import random as randomness
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crdt_models.errors import DocumentError
from crdt_models.vouchers import KIND, Voucher
from khata.books import Books, Change, with_tables
from khata.conflicts import list_conflicts, settle_taking
from khata.entering import cancel
from khata.entering_masters import alter_master
from khata.errors import BooksError
from khata.gst.setting import set_company
from khata.late import LATE, lock_problems
from khata.periods import Admitted, admit, late_vouchers, lock_period, put_back, redate
from khata.problems import find_problems
from khata.projection import BooksProjection
from khata.reports.span import Span
from khata.reports.trial_balance import trial_balance
from khata.splitting import split_master
from khata.verify import verify
from khata.voucher_form import posting_of
from p2p.replica import Replica
from tests.khata.company import (
    Clock,
    a_branch,
    a_company,
    alter,
    contents,
    entries_of,
    found,
    ledger,
    seeded,
    sync,
    voucher,
)  # fmt: skip
from tests.khata.transfers.shops import meet, send, shops
from tests.p2p.stores import a_store

MAY, JUNE = "2026-05-31", "2026-06-30"
DAYS = ("2026-05-10", "2026-06-05", "2026-07-10", "2026-08-01")


def two() -> tuple[Books, Books]:
    office = a_company()
    ledger(office, "Asha")
    return office, a_branch(office, "Pune")


def cash(books: Books, until: str = "") -> str:
    rows = trial_balance(books, Span(until=until))["rows"]
    return str({row["ledger"]: row["debit"] for row in rows}.get("Cash", "0.00"))


def test_a_second_lock_does_not_bring_in_what_the_first_keeps_out():
    office, pune = two()
    lock_period(office, MAY)
    late = voucher(pune, "Receipt", "Cash 70 / Asha -70", "2026-05-10")
    sync(office, pune)
    lock_period(office, JUNE)
    redate(pune, found(pune, late.number), "2026-06-10")
    sync(office, pune)
    assert cash(office, MAY) == cash(office) == cash(pune) == "0.00"
    assert [problem.code for problem in lock_problems(office)] == [LATE]
    assert lock_problems(office) == lock_problems(pune)
    redate(pune, found(pune, late.number), "2026-07-10")
    sync(office, pune)
    assert cash(office, JUNE) == "0.00"
    assert cash(office) == cash(pune) == "70.00"
    assert lock_problems(office) == []
    assert contents(office) == contents(pune)


def test_what_came_late_is_dated_otherwise_though_another_lock_was_made_meanwhile():
    office, pune = two()
    lock_period(office, MAY, type="Receipt")
    late = voucher(pune, "Receipt", "Cash 70 / Asha -70", "2026-05-10")
    sync(office, pune)
    lock_period(office, MAY)
    redate(office, found(office, late.number), "2026-07-10")
    assert (cash(office, MAY), cash(office)) == ("0.00", "70.00")
    assert lock_problems(office) == []


def test_dating_otherwise_follows_the_financial_year_of_the_company():
    office, pune = two()
    set_company(office, {"year_starts": "01-01"})
    sync(office, pune)
    lock_period(office, "2026-03-31")
    late = voucher(pune, "Receipt", "Cash 70 / Asha -70", "2026-03-10")
    sync(office, pune)
    assert redate(pune, found(pune, late.number), "2026-04-10").number == late.number
    assert cash(pune) == "70.00"


def a_conflict_under_a_lock() -> tuple[Books, Books]:
    office, pune = two()
    entered = voucher(pune, "Receipt", "Cash 100 / Asha -100", "2026-05-10")
    sync(office, pune)
    alter(office, entered.number, "Cash 200 / Asha -200")
    alter(pune, entered.number, "Cash 300 / Asha -300")
    sync(office, pune)
    lock_period(office, MAY)
    sync(office, pune)
    return office, pune


def test_a_conflict_in_a_locked_period_ends_with_what_stands_there_and_nothing_else():
    office, pune = a_conflict_under_a_lock()
    stands, (conflict,) = cash(office), list_conflicts(office)
    with pytest.raises(BooksError, match="locked up to 2026-05-31"):
        settle_taking(office, conflict["id"], 2)
    assert list_conflicts(office) == [conflict]
    assert settle_taking(office, conflict["id"], 1)
    sync(office, pune)
    assert cash(office) == cash(pune) == stands
    assert find_problems(office) == find_problems(pune) == []


def test_a_late_value_in_a_conflict_gives_way_to_the_one_in_the_locked_books():
    office, pune = two()
    entered = voucher(pune, "Receipt", "Cash 100 / Asha -100", "2026-05-10")
    sync(office, pune)
    alter(office, entered.number, "Cash 200 / Asha -200")
    lock_period(office, MAY)
    # Pune's clock has moved on, so that its value is the one that shows where no period is locked.
    for _ in range(100):
        pune.now()
    alter(pune, entered.number, "Cash 300 / Asha -300")
    sync(office, pune)
    assert cash(office) == cash(pune) == "200.00"
    (conflict,) = list_conflicts(office)
    settle_taking(office, conflict["id"], 2)
    sync(office, pune)
    assert cash(office) == cash(pune) == "200.00"
    assert find_problems(office) == find_problems(pune) == []


def test_splitting_a_ledger_does_not_reach_into_a_locked_period():
    office, pune = two()
    made = ledger(office, "Ravi")
    alter_master(office, "ledger", "Ravi", {"name": "Ravi (old)"})
    ledger(pune, "Ravi", "Sundry Creditors")
    voucher(pune, "Receipt", "Cash 5 / Ravi -5", "2026-05-10")
    sync(office, pune)
    lock_period(office, MAY)
    before = contents(office)
    with pytest.raises(BooksError, match="locked up to 2026-05-31"):
        split_master(office, "ledger", f"id:{made.id.hex()}", "Ravi (Pune)", "Pune")
    assert contents(office) == before


def test_a_gap_that_is_filled_by_another_process_lets_in_what_lay_behind_it():
    office, pune = two()
    entered = [voucher(pune, "Receipt", f"Cash {at} / Asha -{at}", "2026-05-10") for at in (1, 20, 300)]
    sync(office, pune)
    lock_period(office, MAY)
    behind, between, tip = (one.commit or b"" for one in entered)
    commits = {
        stored.id: (stored.header, stored.signature, stored.body) for stored in office.replica.store.everything()
    }
    fresh = a_copy(office)
    # The lock names the last of the three; the first is out of its reach until the second comes.
    for id in (*(id for id in commits if id not in (behind, between, tip)), tip, behind, between):
        # As if each came to a process that has just been started.
        fresh.replica.locks.forget()
        fresh.replica.ingest_from(fresh.replica.check_untrusted([commits[id]]), pune.replica.keys.id, None, 1)
    assert cash(fresh) == "321.00"
    assert contents(fresh) == contents(office)


def test_a_lock_of_a_branch_holds_for_transfers_with_a_branch_that_comes_later():
    office, pune = shops("Pune")
    lock_period(office, MAY, branch="Pune")
    satara = a_branch(office, "Satara")
    meet(office, pune, satara)
    for sender, receiver in ((pune, "Satara"), (satara, "Pune")):
        with pytest.raises(BooksError, match="locked up to 2026-05-31"):
            send(sender, receiver, "100", date="2026-05-10")
    send(satara, "Head Office", "100", date="2026-05-10")


def test_admitting_one_of_what_was_saved_together_says_what_comes_along():
    office, pune = two()
    lock_period(office, MAY)
    changes = []
    for at in range(3):
        form = {"type": "Receipt", "date": "2026-05-10", "entries": entries_of("Cash 1 / Asha -1")}
        made = Voucher(id=bytes([at]) * 16, posting=posting_of(pune.names, form), number=f"X/{at}")
        changes.append(Change(KIND, made.id, made.registers()))
    pune.save("vouchers/pun/receipt/2026-05", changes, "import:day book")
    sync(office, pune)
    assert admit(office, [found(office, "X/1").row]) == Admitted(commits=1, vouchers=3, along=2)
    assert cash(office) == "3.00"


def a_copy(office: Books) -> Books:
    """A copy that has heard of the control chain and holds no commits."""
    replica = Replica(with_tables(a_store()), office.replica.keys, office.company, BooksProjection())
    replica.extend_chain(office.replica.chain_entries(-1))
    return Books(replica, "asha", None, Clock(), seeded("copy"))


# -- whatever happens --------------------------------------------------------------------------------------------------


class Company:
    """An office and two branches that do things at random, and what each locked period closed with."""

    def __init__(self, seed: int) -> None:
        office, pune = two()
        self.random = randomness.Random(seed)
        self.office = office
        self.copies = [office, pune, a_branch(office, "Nagpur")]
        self.closed: dict[tuple[str, str], list[tuple[object, ...]]] = {}

    def step(self) -> None:
        """Do something, which may be refused; no closed period may look different afterwards."""
        steps: list[Callable[[Books], object]] = [
            self.enter, self.enter, self.alter, self.alter, self.redate, self.redate, self.put_back, self.cancel,
            self.settle, self.lock, self.lock, self.meet, self.meet, self.restart,
        ]  # fmt: skip
        with suppress(BooksError, DocumentError):
            self.random.choice(steps)(self.random.choice(self.copies))
        for (until, branch), entries in self.closed.items():
            assert self.entries(until, branch) == entries

    def enter(self, books: Books) -> None:
        """Enter a voucher on some day."""
        amount = self.random.randint(1, 999)
        voucher(books, "Receipt", f"Cash {amount} / Asha -{amount}", self.random.choice(DAYS))

    def alter(self, books: Books) -> None:
        """Alter one, its day perhaps too."""
        amount, dates = self.random.randint(1, 999), self.random.choice(({}, {"date": self.random.choice(DAYS)}))
        alter(books, self.one(books), f"Cash {amount} / Asha -{amount}", **dates)

    def redate(self, books: Books) -> None:
        """Date one otherwise that came late."""
        rows = late_vouchers(books)
        documents = [books.document(row).id.hex() for row in rows] or [self.one(books)]
        redate(books, found(books, self.random.choice(documents)), self.random.choice(DAYS))

    def put_back(self, books: Books) -> None:
        """Put a late change back."""
        put_back(books, found(books, self.one(books)))

    def cancel(self, books: Books) -> None:
        """Cancel one."""
        cancel(books, found(books, self.one(books)))

    def settle(self, books: Books) -> None:
        """End a conflict."""
        for conflict in list_conflicts(books)[:1]:
            settle_taking(books, conflict["id"], self.random.randint(1, len(conflict["values"])), True)

    def lock(self, _: Books) -> None:
        """Lock May or June, everywhere or at one branch."""
        until, branch = self.random.choice((MAY, JUNE)), self.random.choice(("", "pun"))
        lock_period(self.office, until, branch)
        self.closed[until, branch] = self.entries(until, branch)

    def meet(self, books: Books) -> None:
        """Let two copies meet."""
        sync(books, self.random.choice([other for other in self.copies if other is not books]))

    def restart(self, books: Books) -> None:
        """Forget what is only remembered, as a process does that is started again."""
        books.replica.locks.forget()

    def one(self, books: Books) -> str:
        """Some voucher."""
        rows = books.db.execute("SELECT document FROM vouchers ORDER BY document").fetchall()
        if not rows:
            raise BooksError("nothing was entered yet")
        return bytes(self.random.choice(rows)[0]).hex()

    def entries(self, until: str, branch: str) -> list[tuple[object, ...]]:
        """What counts at the office up to a day."""
        rows = self.office.db.execute(
            "SELECT v.document, e.line, e.amount_e4 FROM entries e JOIN vouchers v ON v.id=e.voucher "
            "JOIN branches b ON b.id=v.branch WHERE e.posted AND v.date<=? AND ? IN ('', b.code) ORDER BY 1, 2",
            (until, branch),
        )
        return rows.fetchall()


@settings(max_examples=25)
@given(st.integers(min_value=0), st.integers(min_value=5, max_value=40))
def test_whatever_happens_a_closed_period_stays_and_all_copies_agree(seed, steps):
    company, random = Company(seed), randomness.Random(seed)
    for _ in range(steps):
        company.step()
    office, pune, nagpur = company.copies
    for _ in range(2):
        for first, second in ((office, pune), (office, nagpur), (pune, nagpur)):
            sync(first, second)
    assert contents(office) == contents(pune) == contents(nagpur)
    assert find_problems(office) == find_problems(pune) == find_problems(nagpur)
    assert verify(office).differences == ()
    commits = [(stored.header, stored.signature, stored.body) for stored in office.replica.store.everything()]
    random.shuffle(commits)
    fresh = a_copy(office)
    # Twice, because what cannot be judged yet is asked for again.
    for parts in commits * 2:
        fresh.replica.ingest_from(fresh.replica.check_untrusted([parts]), pune.replica.keys.id, None, 1)
        if random.random() < 0.3:
            fresh.replica.locks.forget()
    assert contents(fresh) == contents(office)
