"""Who keeps the list of rights, as people see it: shown, moved, forked and settled."""

import pytest

from khata.books import Books
from khata.devices import find_device
from khata.errors import BooksError
from khata.keeping import keeper_move, keeper_move_preview, keeper_repeat, keeper_settle, keeper_show
from khata.periods import lock_period
from khata.problems import find_problems
from khata.projection import BooksProjection
from p2p.chain import Setting
from p2p.founding import append
from p2p.members import revoke
from p2p.replica import NotAllowed, Replica
from tests.khata.company import NOW, Clock, a_branch, a_company, ledger, seeded, sync, voucher
from tests.p2p.stores import a_store


def cloned(books: Books) -> Books:
    """The same device once more, from a copy of its disk."""
    store = a_store()
    books.db.backup(store.conn)
    return Books(
        Replica(store, books.replica.keys, books.company, BooksProjection(), seeded("clone")), "asha", None, Clock()
    )


class TestShow:
    def test_a_new_company(self):
        office = a_company()
        found = keeper_show(office)
        assert (found["keeper"], found["here"], found["former"]) == ("Head Office", True, [])
        assert (found["epochs"], found["epochs_sealed_to_the_phrase"], found["recovered"]) == (1, 1, 0)
        assert (found["losing_lines"], found["to_repeat"]) == (0, [])

    def test_after_it_moved(self):
        office = a_company()
        pune = a_branch(office, "Pune")
        keeper_move(office, find_device(office, "pune"), anyway=True)
        sync(pune, office)
        for books in (office, pune):
            found = keeper_show(books)
            assert found["keeper"] == "Pune"
            assert [one["keeper"] for one in found["former"]] == ["Head Office"]
            assert found["here"] == (books is pune)


class TestMove:
    def test_a_device_that_is_not_proved_to_hold_everything_needs_a_word_more(self):
        office = a_company()
        pune = a_branch(office, "Pune")
        sync(pune, office)
        member = find_device(office, "PUN")
        assert keeper_move_preview(office, member).is_proved
        ledger(office, "Asha")
        move = keeper_move_preview(office, member)
        assert (move.is_proved, move.lacks) == (False, 1)
        with pytest.raises(BooksError, match=r"not proved to hold all.*--anyway"):
            keeper_move(office, member)
        assert keeper_show(office)["here"]
        sync(pune, office)
        assert keeper_move(office, member).is_proved
        assert not keeper_show(office)["here"]

    def test_a_device_that_was_never_met_is_not_proved(self):
        office = a_company()
        a_branch(office, "Pune")
        nagpur = a_branch(office, "Nagpur")
        office.db.execute("DELETE FROM links")
        assert keeper_move_preview(office, nagpur.member).lacks is None
        assert not keeper_move_preview(office, nagpur.member).is_proved

    def test_it_is_moved_to_a_device_that_belongs_to_the_company_and_only_by_the_keeper(self):
        office = a_company()
        pune, till = a_branch(office, "Pune"), a_branch(office, "Till")
        revoke(office.replica, till.replica.keys.id, NOW)
        with pytest.raises(BooksError, match="keeps the list already"):
            keeper_move_preview(office, office.member)
        with pytest.raises(BooksError, match="was revoked"):
            keeper_move_preview(office, find_device(office, "till"))
        with pytest.raises(NotAllowed, match="only Head Office"):
            keeper_move_preview(pune, pune.member)

    def test_the_new_keeper_locks_and_the_old_one_is_refused(self):
        office = a_company()
        pune = a_branch(office, "Pune")
        keeper_move(office, find_device(office, "pune"), anyway=True)
        with pytest.raises(NotAllowed, match="only Pune"):
            lock_period(office, "2026-03-31")
        sync(pune, office)
        lock_period(pune, "2026-03-31")
        sync(pune, office)
        assert [lock.until for lock in office.replica.chain.locks] == ["2026-03-31"]


class TestForks:
    def test_what_the_losing_line_said_is_a_problem_until_it_is_repeated(self):
        office = a_company()
        pune = a_branch(office, "Pune")
        restored = cloned(office)
        ledger(pune, "Asha")
        voucher(pune, "Receipt", "Cash 500 / Asha -500", date="2026-03-20")
        lock_period(restored, "2026-03-31")
        keeper_move(office, find_device(office, "pune"), anyway=True)
        sync(pune, office)
        sync(pune, restored)
        for books in (pune, restored):
            (problem,) = find_problems(books)
            assert problem.text == (
                "on a line of the list of rights that gave way, Head Office locked all vouchers and transfers up to "
                "2026-03-31; that holds no more"
            )
        (problem,) = find_problems(restored)
        assert problem.choices[0].words == "say all of that again, at Pune"
        with pytest.raises(NotAllowed, match="Pune"):
            keeper_repeat(restored)
        repeated, left = keeper_repeat(pune)
        assert ([entry.kind for entry in repeated.done], left) == (["Locked"], [])
        sync(pune, restored)
        for books in (pune, restored):
            assert [problem.code for problem in find_problems(books)] == ["late-voucher"]

    def test_or_until_the_keeper_says_that_it_is_to_be_left(self):
        office = a_company()
        pune = a_branch(office, "Pune")
        restored = cloned(office)
        append(restored.replica, Setting(time=NOW, name="value", value=1))
        keeper_move(office, find_device(office, "pune"), anyway=True)
        sync(pune, office)
        sync(pune, restored)
        assert len(keeper_show(pune)["to_repeat"]) == 1
        assert keeper_settle(pune) == 1
        assert keeper_show(pune)["to_repeat"] == []
