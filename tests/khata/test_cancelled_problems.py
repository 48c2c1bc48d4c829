"""What was cancelled at one branch and changed at the other: told at both, until it is accepted or entered anew."""

import pytest

from khata.books import Books
from khata.cancelled_problems import enter_anew
from khata.changed_apart import CANCELLED_BESIDE_CHANGE
from khata.entering import cancel
from khata.errors import BooksError
from khata.listing import list_vouchers
from khata.periods import lock_period
from khata.problem import Problem
from khata.problems import find_problems
from tests.khata.company import a_branch, a_company, alter, contents, found, ledger, sync, voucher
from tests.khata.transfers.shops import a_colleague, call_off, change, meet, send, shops


def apart() -> tuple[Books, Books, str]:
    """A receipt of Pune, cancelled there and altered at the head office."""
    office = a_company()
    ledger(office, "Asha")
    pune = a_branch(office, "Pune")
    id = voucher(pune, "Receipt", "Cash 500 / Asha -500").id.hex()
    sync(office, pune)
    cancel(pune, found(pune, id))
    alter(office, id, "Cash 900 / Asha -900", narration="counted again")
    sync(office, pune)
    return office, pune, id


def told(books: Books) -> list[Problem]:
    return [problem for problem in find_problems(books) if problem.code == CANCELLED_BESIDE_CHANGE]


def test_both_list_who_cancelled_who_changed_what_and_what_would_have_counted():
    office, pune, id = apart()
    (problem,) = told(office)
    assert [problem.json()] == [one.json() for one in told(pune)]
    assert problem.documents == (id,)
    assert "Pune cancelled it while Head Office changed narration and what it posts" in problem.text
    assert [(deed.device, deed.what) for deed in problem.deeds] == [
        ("Pune", "cancelled it"),
        ("Head Office", "changed narration and what it posts, apart from that"),
    ]
    assert problem.effect == (("Asha", -9_000_000), ("Cash", 9_000_000))
    assert contents(office) == contents(pune)


def test_it_is_entered_anew_at_its_own_branch_as_it_was_changed():
    office, pune, id = apart()
    (problem,) = told(office)
    with pytest.raises(BooksError, match="stands in the books of Pune"):
        enter_anew(office, problem)
    entered = enter_anew(pune, problem)
    sync(office, pune)
    assert told(office) == told(pune) == []
    by_id = {row["id"]: row for row in list_vouchers(office)}
    assert by_id[id]["cancelled"]
    made = by_id[entered.id.hex()]
    assert (made["posted"], made["narration"], made["entries"][0]["amount"]) == (True, "counted again", "900.00")


def test_in_a_locked_period_the_command_names_a_day_that_is_open():
    office, pune, _ = apart()
    lock_period(office, "2026-04-30")
    sync(office, pune)
    (problem,) = told(pune)
    assert problem.settle.endswith(" --date 2026-05-01")
    with pytest.raises(BooksError, match="locked up to 2026-04-30"):
        enter_anew(pune, problem)
    enter_anew(pune, problem, "2026-05-01")
    assert told(pune) == []
    assert [one.code for one in find_problems(pune)] == []


def test_who_cancels_knowing_of_the_change_leaves_nothing_to_tell():
    office = a_company()
    ledger(office, "Asha")
    pune = a_branch(office, "Pune")
    id = voucher(pune, "Receipt", "Cash 500 / Asha -500").id.hex()
    sync(office, pune)
    alter(office, id, narration="counted again")
    sync(office, pune)
    cancel(pune, found(pune, id))
    sync(office, pune)
    assert told(office) == told(pune) == []


def test_both_cancelled_and_one_of_them_knew_of_the_change():
    office = a_company()
    ledger(office, "Asha")
    pune = a_branch(office, "Pune")
    id = voucher(pune, "Receipt", "Cash 500 / Asha -500").id.hex()
    sync(office, pune)
    cancel(pune, found(pune, id))
    alter(office, id, narration="counted again")
    cancel(office, found(office, id))
    sync(office, pune)
    assert told(office) == told(pune) == []


def test_a_dispatch_that_is_cancelled_and_altered_by_two_of_one_branch_is_told_as_well():
    office, pune = shops("Pune")
    colleague = a_colleague(office, pune, "Pune Till", "PUN2")
    sent = send(pune, "HO", "500")
    meet(office, pune, colleague)
    call_off(pune, sent)
    change(colleague, sent, "700")
    meet(office, pune, colleague)
    (problem,) = told(office)
    assert "transfer send" in problem.text
    assert [choice.command.split()[2] for choice in problem.choices] == ["accept"]
    assert [one.json() for one in told(pune)] == [problem.json()] == [one.json() for one in told(colleague)]
