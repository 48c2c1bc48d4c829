"""Locked periods: what came late is kept out and listed the same everywhere, decided by what each knew and no clock."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.entering import cancel
from khata.errors import BooksError, NotFound
from khata.late import LATE, OFFENCE, lock_problems
from khata.periods import admit, late_vouchers, lock_list, lock_period, put_back, redate, unlock_period
from khata.reports.span import Span
from khata.reports.trial_balance import trial_balance
from p2p.replica import NotAllowed
from tests.khata.company import a_branch, a_company, alter, contents, found, ledger, sync, voucher

MARCH, APRIL = "2026-03-30", "2026-04-02"
LOCKED = "2026-03-31"


def two():
    office = a_company()
    ledger(office, "Asha")
    return office, a_branch(office, "Pune")


def cash(books):
    return {row["ledger"]: row["debit"] for row in trial_balance(books)["rows"]}.get("Cash", "0.00")


def test_what_was_there_stays_and_what_comes_late_is_kept_out_on_both():
    office, pune = two()
    voucher(pune, "Receipt", "Cash 100 / Asha -100", MARCH)
    sync(office, pune)
    lock_period(office, LOCKED)
    late = voucher(pune, "Receipt", "Cash 70 / Asha -70", MARCH)
    voucher(pune, "Receipt", "Cash 5 / Asha -5", APRIL)
    sync(office, pune)
    assert cash(office) == cash(pune) == "105.00"
    (problem,) = lock_problems(office)
    assert problem == lock_problems(pune)[0]
    assert (problem.code, problem.documents) == (LATE, (late.id.hex(),))
    assert "counts nowhere" in problem.text
    assert problem.effect == (("Asha", -700_000), ("Cash", 700_000))
    assert contents(office) == contents(pune)


def test_admitting_lets_it_in_everywhere():
    office, pune = two()
    lock_period(office, LOCKED)
    voucher(pune, "Receipt", "Cash 70 / Asha -70", MARCH)
    sync(office, pune)
    assert cash(office) == "0.00"
    assert admit(office, late_vouchers(office)).commits == 1
    assert cash(office) == "70.00"
    sync(office, pune)
    assert cash(pune) == "70.00"
    assert lock_problems(office) == lock_problems(pune) == []
    assert contents(office) == contents(pune)
    with pytest.raises(BooksError, match="no lock keeps anything out"):
        admit(office, [found(office, "PUN/25-26/00001").row])


def test_only_the_keeper_locks_admits_and_unlocks():
    office, pune = two()
    with pytest.raises(NotAllowed):
        lock_period(pune, LOCKED)
    lock = lock_period(office, LOCKED)
    voucher(pune, "Receipt", "Cash 70 / Asha -70", MARCH)
    sync(office, pune)
    with pytest.raises(NotAllowed):
        admit(pune, late_vouchers(pune))
    with pytest.raises(NotAllowed):
        unlock_period(pune, lock.seq)


def test_redating_across_the_year_end_cancels_and_enters_anew():
    office, pune = two()
    lock_period(office, LOCKED)
    old = voucher(pune, "Receipt", "Cash 70 / Asha -70", MARCH, narration="late")
    sync(office, pune)
    entered = redate(pune, found(pune, old.number), APRIL)
    assert (old.number, entered.number) == ("PUN/25-26/00001", "PUN/26-27/00001")
    sync(office, pune)
    assert cash(office) == cash(pune) == "70.00"
    assert lock_problems(office) == lock_problems(pune) == []
    assert trial_balance(office) == trial_balance(pune)


def test_redating_within_the_year_keeps_the_number():
    office, pune = two()
    lock_period(office, "2026-04-30")
    old = voucher(pune, "Receipt", "Cash 70 / Asha -70", APRIL)
    sync(office, pune)
    assert redate(pune, found(pune, old.number), "2026-05-01").number == old.number
    sync(office, pune)
    assert cash(office) == cash(pune) == "70.00"
    assert lock_problems(office) == lock_problems(pune) == []


def test_a_late_change_leaves_the_locked_books_as_they_were_until_it_is_put_back():
    office, pune = two()
    entered = voucher(pune, "Receipt", "Cash 100 / Asha -100", MARCH)
    sync(office, pune)
    lock_period(office, LOCKED)
    alter(pune, entered.number, "Cash 900 / Asha -900", narration="more")
    sync(office, pune)
    assert cash(office) == cash(pune) == "100.00"
    (problem,) = lock_problems(office)
    assert problem.effect == (("Asha", -8_000_000), ("Cash", 8_000_000))
    put_back(pune, found(pune, entered.number))
    sync(office, pune)
    assert lock_problems(office) == lock_problems(pune) == []
    assert cash(office) == "100.00"
    assert contents(office) == contents(pune)


def test_a_late_change_of_date_neither_leaves_nor_enters_the_locked_period():
    office, pune = two()
    leaves = voucher(pune, "Receipt", "Cash 100 / Asha -100", "2026-05-10")
    comes = voucher(pune, "Receipt", "Cash 20 / Asha -20", "2026-07-01")
    sync(office, pune)
    lock_period(office, "2026-05-31")
    alter(pune, leaves.number, date="2026-06-15")
    alter(pune, comes.number, date="2026-05-20")
    sync(office, pune)
    assert trial_balance(office, Span(until="2026-05-31"))["debit"] == "100.00"
    assert {problem.documents[0] for problem in lock_problems(pune)} == {leaves.id.hex(), comes.id.hex()}


def test_a_late_cancellation_does_not_change_the_locked_books():
    office, pune = two()
    entered = voucher(pune, "Receipt", "Cash 100 / Asha -100", MARCH)
    sync(office, pune)
    lock_period(office, LOCKED)
    from khata.entering import cancel

    cancel(pune, found(pune, entered.number))
    sync(office, pune)
    assert cash(office) == cash(pune) == "100.00"
    put_back(office, found(office, entered.number))
    sync(office, pune)
    assert lock_problems(pune) == []


def test_nobody_who_knows_of_the_lock_enters_alters_or_cancels_in_it():
    from khata.entering import cancel

    office, pune = two()
    entered = voucher(pune, "Receipt", "Cash 100 / Asha -100", MARCH)
    sync(office, pune)
    lock_period(office, LOCKED)
    lock_period(office, "2026-04-01")
    sync(office, pune)
    for refused in (
        lambda: voucher(pune, "Receipt", "Cash 1 / Asha -1", MARCH),
        lambda: alter(pune, entered.number, narration="x"),
        lambda: cancel(pune, found(pune, entered.number)),
    ):
        with pytest.raises(BooksError, match="locked up to 2026-04-01"):
            refused()
    assert cash(pune) == "100.00"


def test_a_copy_that_enters_all_the_same_commits_an_offence(monkeypatch):
    office, pune = two()
    lock_period(office, LOCKED)
    sync(office, pune)
    monkeypatch.setattr("khata.entering.check_open", lambda *_: None)
    voucher(pune, "Receipt", "Cash 1 / Asha -1", MARCH)
    sync(office, pune)
    assert [problem.code for problem in lock_problems(office)] == [OFFENCE]
    assert cash(office) == cash(pune) == "0.00"


def test_a_lock_of_one_branch_or_type_leaves_the_others_open():
    office, pune = two()
    nagpur = a_branch(office, "Nagpur")
    lock_period(office, LOCKED, branch="Pune")
    lock_period(office, LOCKED, branch="nag", type="Sales")
    voucher(nagpur, "Receipt", "Cash 10 / Asha -10", MARCH)
    voucher(nagpur, "Sales", "Cash 3 / Asha -3", MARCH)
    voucher(pune, "Receipt", "Cash 70 / Asha -70", MARCH)
    sync(office, pune)
    sync(office, nagpur)
    assert cash(office) == "10.00"
    assert [row["covers"] for row in lock_list(office)] == ["Pune", "sales vouchers of Nagpur"]
    assert [row["kept_out"] for row in lock_list(office)] == [1, 1]


def test_taking_a_lock_back_counts_everything():
    office, pune = two()
    lock = lock_period(office, LOCKED)
    voucher(pune, "Receipt", "Cash 70 / Asha -70", MARCH)
    sync(office, pune)
    unlock_period(office, lock.seq)
    sync(office, pune)
    assert cash(office) == cash(pune) == "70.00"
    assert contents(office) == contents(pune)
    with pytest.raises(NotFound):
        unlock_period(office, lock.seq)


def test_a_lock_refuses_what_makes_no_sense():
    office, _ = two()
    with pytest.raises(BooksError, match="not over"):
        lock_period(office, "2999-01-01")
    lock_period(office, LOCKED)
    with pytest.raises(BooksError, match="locked up to"):
        lock_period(office, "2026-03-01")
    with pytest.raises(NotFound):
        lock_period(office, "2026-05-01", branch="Nowhere")


def test_clocks_decide_nothing():
    office, pune = two()
    pune.now.now -= 10 * 365 * 86_400_000
    lock_period(office, LOCKED)
    voucher(pune, "Receipt", "Cash 70 / Asha -70", MARCH)
    sync(office, pune)
    assert cash(office) == "0.00"
    assert [problem.code for problem in lock_problems(office)] == [LATE]


def test_a_copy_made_later_agrees_whatever_order_things_come_in():
    office, pune = two()
    for day in ("2026-03-01", "2026-03-02"):
        voucher(pune, "Receipt", "Cash 100 / Asha -100", day)
    sync(office, pune)
    lock_period(office, LOCKED)
    voucher(pune, "Receipt", "Cash 70 / Asha -70", MARCH)
    alter(pune, "PUN/25-26/00001", narration="late")
    sync(office, pune)
    for name, order in (("Nagpur", (office, pune)), ("Satara", (pune, office))):
        fresh = a_branch(office, name)
        for other in order:
            sync(fresh, other)
        assert lock_problems(fresh) == lock_problems(office)
        assert trial_balance(fresh) == trial_balance(office)
    sync(office, pune)
    assert lock_problems(pune) == lock_problems(office)


@given(st.data())
def test_any_order_of_delivery_gives_the_same_locked_books(data):
    """Commits handed over one by one in any order, a lock among them, end in equal tables and equal lists."""
    office, pune = two()
    first = voucher(pune, "Receipt", "Cash 100 / Asha -100", MARCH)
    sync(office, pune)
    lock_period(office, LOCKED)
    steps = data.draw(st.lists(st.sampled_from(["enter", "alter", "open", "other"]), min_size=1, max_size=5))
    for at, step in enumerate(steps):
        if step == "enter":
            voucher(pune, "Receipt", f"Cash {at + 1} / Asha -{at + 1}", MARCH)
        elif step == "alter":
            alter(pune, first.number, f"Cash {at + 200} / Asha -{at + 200}")
        elif step == "open":
            voucher(pune, "Receipt", f"Cash {at + 1} / Asha -{at + 1}", APRIL)
        else:
            voucher(office, "Payment", f"Asha {at + 1} / Cash -{at + 1}", "2026-05-01")
    rows = list(pune.replica.store.everything())
    held = {bytes(commit.id) for commit in office.replica.store.everything()}
    fresh = [commit for commit in rows if commit.id not in held]
    order = data.draw(st.permutations(range(len(fresh))))
    for at in order:
        parts = [(fresh[at].header, fresh[at].signature, fresh[at].body)]
        office.replica.ingest_from(office.replica.check_untrusted(parts), pune.replica.keys.id, None, 1)
    sync(office, pune)
    assert contents(office) == contents(pune)
    assert lock_problems(office) == lock_problems(pune)
    assert cash(office) == cash(pune)


def test_every_order_of_three_copies_meeting_agrees():
    for order in permutations(range(3)):
        office, pune = two()
        nagpur = a_branch(office, "Nagpur")
        voucher(pune, "Receipt", "Cash 10 / Asha -10", MARCH)
        voucher(nagpur, "Receipt", "Cash 20 / Asha -20", MARCH)
        lock_period(office, LOCKED)
        pairs = [(office, pune), (office, nagpur), (pune, nagpur)]
        for at in (*order, *order, *order):
            sync(*pairs[at])
        assert cash(office) == cash(pune) == cash(nagpur) == "0.00"
        assert lock_problems(office) == lock_problems(pune) == lock_problems(nagpur)
        assert len(lock_problems(office)) == 2


def test_the_effect_of_letting_in_is_what_it_truly_changes():
    office, pune = two()
    sold = voucher(office, "Receipt", "Cash 100 / Asha -100", MARCH)
    sync(office, pune)
    cancel(office, found(office, sold.id.hex()))
    alter(pune, sold.id.hex(), narration="as told by telephone")
    lock_period(office, LOCKED)
    sync(office, pune)
    effects = [problem.effect for problem in lock_problems(office)]
    assert effects == [problem.effect for problem in lock_problems(pune)] == [()] * len(effects)
    before = cash(office)
    if effects:
        admit(office, late_vouchers(office))
    assert cash(office) == before == "0.00"


def test_what_came_late_and_is_optional_changes_no_balance():
    office, pune = two()
    lock_period(office, LOCKED)
    voucher(pune, "Receipt", "Cash 70 / Asha -70", MARCH, optional=True)
    sync(office, pune)
    (problem,) = lock_problems(office)
    assert (problem.effect, problem.at_stake) == ((), "")
