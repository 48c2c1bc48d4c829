"""What is set aside shows nowhere: no row, no total, no problem of its own; and it comes back whole when it counts."""

import random as randomness

import pytest

from khata.books import Books
from khata.problems import find_problems
from khata.projection import BooksProjection
from khata.search.find import find
from khata.verify import verify
from p2p.commit import Commit, parse_commit_untrusted
from p2p.founding import admit_device
from p2p.identity import DeviceKeys
from p2p.members import readmit, revoke
from p2p.replica import Replica
from p2p.store import QUARANTINED, StoredCommit
from tests.khata.company import (
    EVERYTHING,
    NOW,
    Clock,
    a_branch,
    a_company,
    a_store_with_tables,
    alter,
    contents,
    found,
    ledger,
    seeded,
    sync,
    voucher,
)


def commits_of(books: Books, author: bytes) -> list[Commit]:
    every = (parsed(one) for one in books.replica.store.everything())
    return [one for one in every if one.header.author == author]


def parsed(stored: StoredCommit) -> Commit:
    return parse_commit_untrusted(stored.header, stored.signature, stored.body)


def give(books: Books, commits: list[Commit]) -> None:
    parts = [(one.header_bytes, one.signature, one.ciphertext) for one in commits]
    result = books.replica.ingest_from(books.replica.check_untrusted(parts), b"p" * 32, None, NOW)
    assert not result.refused
    books.names.forget()


def revoked_branch() -> tuple[Books, Books, Books]:
    """Head office and Nagpur, which has heard of Pune's revocation after it had taken in its latest work; and Pune."""
    office = a_company()
    ledger(office, "Asha")
    pune, nagpur = a_branch(office, "Pune"), a_branch(office, "Nagpur")
    voucher(pune, "Receipt", "Cash 500 / Asha -500")
    sync(pune, office)
    sync(nagpur, office)
    revoke(office.replica, pune.replica.keys.id, NOW, seeded("epoch"))
    alter(pune, "PUN/26-27/00001", "Cash 900 / Asha -900")
    ledger(pune, "Meera")
    voucher(pune, "Receipt", "Cash 70 / Meera -70")
    give(nagpur, commits_of(pune, pune.replica.keys.author))
    return office, pune, nagpur


def total(books: Books) -> int:
    return int(books.db.execute("SELECT coalesce(sum(abs(amount_e4)), 0) FROM entries WHERE posted").fetchone()[0])


def test_a_copy_that_had_merged_it_says_what_one_says_that_never_did() -> None:
    office, _, nagpur = revoked_branch()
    assert total(nagpur) == 2 * 970_0000
    before = contents(office)
    sync(nagpur, office)
    assert total(nagpur) == total(office) == 2 * 500_0000
    assert contents(nagpur) == before == contents(office)
    assert find(nagpur, "Meera") == []
    assert verify(nagpur).differences == verify(office).differences == ()
    codes = {problem.code for problem in find_problems(office)}
    assert codes == {problem.code for problem in find_problems(nagpur)} == {"quarantined-commit"}
    assert found(nagpur, "PUN/26-27/00001").number == "PUN/26-27/00001"


def test_what_is_admitted_again_shows_as_if_nothing_had_happened() -> None:
    office, _, nagpur = revoked_branch()
    twin = contents(nagpur)
    sync(nagpur, office)
    aside = [one.id for one in office.replica.store.everything(QUARANTINED)]
    readmit(office.replica, aside, NOW)
    sync(nagpur, office)
    assert contents(nagpur) == contents(office)
    assert contents(nagpur)["vouchers"] == twin["vouchers"]
    assert contents(nagpur)["ledgers"] == twin["ledgers"]
    assert total(office) == 2 * 970_0000
    assert [problem.code for problem in find_problems(office)] == []
    assert verify(nagpur).differences == verify(office).differences == ()


@pytest.mark.parametrize("seed", range(4))
def test_tables_do_not_depend_on_what_was_heard_first(seed: int) -> None:
    office, _, nagpur = revoked_branch()
    sync(nagpur, office)
    aside = [one.id for one in office.replica.store.everything(QUARANTINED)]
    readmit(office.replica, aside[:1], NOW)
    sync(nagpur, office)
    copies = [a_branch(office, name) for name in ("Latur", "Satara")]
    for copy in copies:
        assert contents(copy) == contents(office)
    assert contents(shuffled(office, seed)) == contents(office)


def shuffled(office: Books, seed: int) -> Books:
    """A copy that gets the control chain and everything else in any order."""
    random = randomness.Random(seed)
    keys = DeviceKeys.generate(seeded(("late", seed)))
    admit_device(office.replica, (keys.public, keys.seal_public), f"Late {seed}", "nag", f"L{seed}", EVERYTHING, NOW)
    store = a_store_with_tables()
    copy = Books(Replica(store, keys, office.company, BooksProjection()), "late", None, Clock(), seeded(seed))
    commits = [parsed(one) for one in office.replica.store.everything()]
    random.shuffle(commits)
    entries = office.replica.chain_entries(-1)
    copy.replica.extend_chain(entries[:8])
    known = 8
    for commit in commits:
        if random.random() < 0.3:
            copy.replica.extend_chain(entries[known : known + 2])
            known = min(len(entries), known + 2)
        if commit.header.author in copy.replica.chain.members:
            give(copy, [commit])
    copy.replica.extend_chain(entries[known:])
    sync(copy, office)
    return copy
