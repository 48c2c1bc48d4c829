"""Removing from one copy what no rule names any more, and building a copy anew from what others hold."""

import msgspec
import pytest

from khata.asking import ask, request_list
from khata.books import Books
from khata.chores import chores_of
from khata.errors import BooksError, NotInSync
from khata.folder import BooksFolder
from khata.forgetting import forget, leftover
from khata.rebuilding import prove, rebuild
from khata.reports.span import EVERYTHING
from khata.reports.trial_balance import trial_balance
from khata.rules.deeds import Wanted, alter
from khata.verify import verify
from p2p.chores import Chores
from p2p.members import make_admin, revoke
from p2p.rule_deeds import accept, offer_rule
from p2p.rules import rules_in
from tests.khata.command_line import command_line
from tests.khata.company import NOW, a_branch, a_company, contents, ledger, second_device, sync, voucher
from tests.khata.two_folders import opened, two_folders


@pytest.fixture
def company(tmp_path) -> tuple[Books, Books]:
    """A head office and Pune, each with a voucher, in sync; Pune's books lie in a folder."""
    from khata.books import open_store

    office = a_company()
    ledger(office, "Asha Stores")
    voucher(office, "Receipt", "Cash 500 / Asha Stores -500")
    folder = BooksFolder(tmp_path / "pune")
    folder.make()
    pune = a_branch(office, "Pune", store=open_store(folder))
    pune.folder = folder
    voucher(pune, "Receipt", "Cash 70 / Asha Stores -70")
    sync(pune, office)
    return office, pune


def narrow(office: Books, pune: Books, *sends: str, receives: tuple[str, ...] | None = None) -> None:
    """Let the rule name less, and Pune accept that."""
    (rule,) = rules_in(office.replica.documents, office.replica.chain)
    backwards = rule.offer.receives if receives is None else receives
    narrowed = msgspec.structs.replace(rule.offer, sends=sends, receives=backwards, at=NOW + 1)
    offer_rule(office.replica, narrowed, "asha", NOW)
    sync(pune, office)
    (rule,) = rules_in(pune.replica.documents, pune.replica.chain)
    accept(pune.replica, rule, "ravi", NOW)
    sync(pune, office)


def numbers(books: Books) -> list[str]:
    return [number for (number,) in books.db.execute("SELECT number FROM vouchers ORDER BY number")]


def test_what_a_narrowed_rule_left_behind_goes_from_here_alone_and_does_not_come_back(company):
    office, pune = company
    assert leftover(pune).scopes == ()
    narrow(office, pune, "masters/**")
    found = leftover(pune)
    assert found.scopes == ("vouchers/ho/receipt/2026-04",)
    assert (found.weight.commits, found.weight.documents) == (1, 1)
    removed = forget(pune, found)
    assert (removed.commits, removed.documents) == (1, 1)
    assert numbers(pune) == ["PUN/26-27/00001"]
    assert numbers(office) == ["HO/26-27/00001", "PUN/26-27/00001"]
    assert verify(pune).differences == ()
    sync(pune, office)
    assert numbers(pune) == ["PUN/26-27/00001"]
    assert leftover(pune).scopes == ()


def test_it_comes_again_when_a_rule_names_it_again(company):
    office, pune = company
    narrow(office, pune, "masters/**")
    forget(pune, leftover(pune))
    narrow(office, pune, "masters/**", "vouchers/**")
    assert numbers(pune) == numbers(office)
    assert contents(pune) == contents(office)
    assert verify(pune).differences == ()


def test_what_was_entered_here_stays_until_somebody_else_is_proved_to_hold_it(company):
    office, pune = company
    narrow(office, pune, "masters/**")
    scope = "vouchers/ho/receipt/2026-04"
    document = next(one for one in pune.replica.everything() if one.scope == scope)
    from khata.books import Change

    pune.save(scope, [Change("voucher", document.id, {"narration": "seen at Pune"}, document.heads())])
    found = leftover(pune)
    assert found.scopes == ()
    assert [kept for kept, _ in found.kept] == [scope]
    sync(pune, office)
    assert leftover(pune).scopes == (scope,)


def test_what_a_rule_only_sends_from_here_stays(company):
    office, pune = company
    (rule,) = rules_in(office.replica.documents, office.replica.chain)
    alter(office, rule, Wanted(preset="vouchers-up"))
    sync(pune, office)
    (rule,) = rules_in(pune.replica.documents, pune.replica.chain)
    accept(pune.replica, rule, "ravi", NOW)
    sync(pune, office)
    found = leftover(office)
    assert (found.scopes, found.kept) == ((), ())
    assert leftover(pune).scopes == ("vouchers/ho/receipt/2026-04",)


def test_what_an_earlier_device_of_this_branch_entered_stays_while_nobody_is_proved_to_hold_it(company):
    office, pune = company
    ledger(pune, "Ravi Stores")
    sync(pune, office)
    second = second_device(office)
    sync(second, office)
    revoke(office.replica, pune.replica.keys.id, NOW)
    sync(second, office)
    narrow(office, second, "vouchers/**", receives=())
    found = leftover(second)
    assert "masters/ledger" not in found.scopes
    assert "masters/group" in found.scopes
    assert [scope for scope, _ in found.kept] == ["masters/ledger"]


def test_what_changed_since_the_preview_is_not_removed_unseen(company):
    office, pune = company
    narrow(office, pune, "masters/**")
    before = leftover(pune)
    narrow(office, pune, "masters/**", "vouchers/**")
    with pytest.raises(BooksError, match="changed meanwhile"):
        forget(pune, before)
    assert numbers(pune) == numbers(office)


def test_a_copy_is_built_anew_only_from_what_others_are_proved_to_hold(company):
    office, pune = company
    since = pune.now()
    assert prove(pune, since).holders == ()
    assert prove(pune, since).unproved
    pune.replica.links.unsettle()
    sync(pune, office)
    pune.db.execute("UPDATE links SET in_sync_at=?", (since,))
    proof = prove(pune, since)
    assert (proof.holders, proof.unproved) == (("Head Office",), ())
    before = contents(pune)
    last = pune.replica.store.next_row()

    def fetch(fresh: Books) -> bool:
        assert numbers(fresh) == []
        sync(fresh, office)
        voucher(pune, "Receipt", "Cash 9 / Asha Stores -9")
        return True

    count = rebuild(pune, fetch)
    assert count == proof.commits
    assert numbers(pune) == ["HO/26-27/00001", "PUN/26-27/00001", "PUN/26-27/00002"]
    assert pune.replica.store.next_row() > last
    assert verify(pune).differences == ()
    sync(pune, office)
    assert contents(pune) == contents(office)
    assert contents(pune).keys() == before.keys()
    assert trial_balance(pune, EVERYTHING) == trial_balance(office, EVERYTHING)
    assert voucher(pune, "Receipt", "Cash 1 / Asha Stores -1").number == "PUN/26-27/00003"


def test_a_rebuild_that_does_not_get_everything_changes_nothing(company):
    _, pune = company
    before = contents(pune)
    with pytest.raises(NotInSync, match="nothing here was changed"):
        rebuild(pune, lambda fresh: False)
    assert contents(pune) == before
    assert not (pune.folder.path / "rebuilding").exists()


def test_a_rebuild_that_could_not_take_everything_in_again_changes_nothing(company):
    office, pune = company
    voucher(pune, "Receipt", "Cash 9 / Asha Stores -9")
    pune.db.execute("UPDATE commits SET body=x'00' WHERE row=(SELECT max(row) FROM commits)")
    before = contents(pune)

    def fetch(fresh: Books) -> bool:
        sync(fresh, office)
        return True

    with pytest.raises(NotInSync, match="would not be taken in again"):
        rebuild(pune, fetch)
    assert contents(pune) == before
    assert numbers(pune)[-1] == "PUN/26-27/00002"


def test_what_is_asked_of_the_keeper_is_not_carried_out_in_a_copy_that_is_being_filled(tmp_path):
    folders = two_folders(tmp_path, lambda books: ledger(books, "Asha Stores"))
    with opened(folders.office) as office, opened(folders.pune) as pune:
        make_admin(office.replica, pune.member.device, NOW)
        sync(pune, office)
        ask(pune, "lock set", {"until": "2025-03-31", "branch": "", "type": "", "anyway": False})
        sync(pune, office)
        head = office.replica.chain_head()

        def fetch(fresh: Books) -> bool:
            sync(fresh, pune)
            Chores(chores_of(fresh), pytest.fail).do()
            sync(fresh, pune)
            return True

        rebuild(office, fetch)
        assert pune.replica.chain_head() == head
        assert [row["standing"] for row in request_list(pune)] == ["asked"]
        Chores(chores_of(office), pytest.fail).do()
        sync(pune, office)
        assert [row["standing"] for row in request_list(pune)] == ["carried out"]


def test_what_would_be_forgotten_is_shown_and_stays_until_somebody_says_yes(tmp_path, capsys, monkeypatch):
    folders = two_folders(tmp_path, lambda books: ledger(books, "Asha Stores"))
    with opened(folders.office) as office, opened(folders.pune) as pune:
        voucher(office, "Receipt", "Cash 5 / Asha Stores -5")
        sync(pune, office)
        narrow(office, pune, "masters/**")
    run = command_line(tmp_path, capsys, monkeypatch)
    shown = run("forget", books="pune")
    assert shown.out.startswith("1 document")
    assert shown.out.endswith("nothing was done; run it again with --yes\n")
    assert run("forget", "--json", books="pune").json["removed"] is False
    assert run("forget", "--yes", "--json", books="pune").json["removed"] is True
