"""The digests a copy keeps up to date are those of its store, whoever wrote, and whatever came to nothing."""

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from p2p.chain import Grant
from p2p.messages import CONTROL, SHARE
from p2p.removing import remove_scopes
from p2p.replica import Replica
from p2p.status import missing_there
from p2p.store import Store
from p2p.tree import EMPTY, Digest, digest_of
from tests.p2p.copies import branch_of, head_office, save

SCOPES = ("masters/ledger", "vouchers/ho/sales/2026-04", "vouchers/ho/sales/2026-05", "control/rules")
MASTERS_ONLY = Grant(("control/**", "masters/**"), ("masters/**",))

commits = st.lists(st.tuples(st.sampled_from(SCOPES), st.integers(0, 9)), max_size=4)
steps = st.lists(st.tuples(st.integers(0, 1), commits, st.booleans()), max_size=8)


class ComesToNothing(BaseException):
    """What ends a transaction."""


def write(replica: Replica, made: list[tuple[str, int]], fails: bool) -> None:
    try:
        with replica.transaction():
            for scope, number in made:
                save(replica, scope, hashlib.sha256(bytes([number])).digest()[:16], amount=str(number))
            if fails:
                raise ComesToNothing
    except ComesToNothing:
        return


def recomputed(replica: Replica, *roots: str) -> Digest:
    """The digest of all commits below some roots, from their ids."""
    path_of = replica.store.scope_path
    found = [one.id for one in replica.store.everything() if path_of(one.scope).partition("/")[0] in roots]
    return digest_of(found) if found else EMPTY


def check_news(replica: Replica, peer: bytes) -> None:
    """Whether what a view passes over is nothing that the peer may have."""
    view = replica.view(SHARE, peer)
    for row in range(view.row + 1):
        told = [one.row for one in replica.news(row, 1000) if view.share.may_give(one.scope)]
        assert [one for one in told if one <= view.first_of_interest(row)] == []


@given(steps)
@settings(max_examples=settings().max_examples // 4)
def test_views_follow_the_store(steps):
    with TemporaryDirectory() as folder:
        office = head_office(Path(folder))
        tablet, pune = branch_of(office, "Tablet", grant=MASTERS_ONLY), branch_of(office, "Pune")
        both = (office, Replica(Store.open(Path(folder) / "ho.db"), office.keys, office.company))
        for who, made, fails in steps:
            write(both[who], made, fails)
            for replica in both:
                replica.refresh()
                everything = recomputed(replica, "masters", "vouchers")
                assert replica.view(SHARE, pune.keys.id).digest("") == everything
                assert replica.view(SHARE, tablet.keys.id).digest("") == recomputed(replica, "masters")
                assert replica.view(CONTROL, pune.keys.id).digest("") == recomputed(replica, "control")
                assert replica.view(SHARE, pune.keys.id).row == replica.store.next_row() - 1
                for peer in (tablet, pune):
                    check_news(replica, peer.keys.id)
        for replica in both:
            replica.store.close()


def test_views_follow_what_another_process_has_removed_and_taken_back(tmp_path):
    office = head_office(tmp_path)
    pune = branch_of(office, "Pune")
    for number in range(3):
        save(office, SCOPES[1], bytes([number]) * 16, amount=str(number))
    serving = Replica(Store.open(tmp_path / "ho.db"), office.keys, office.company)
    held = [(one.header, one.signature, one.body) for one in office.store.in_scope(_number(office), 0, 9)]
    before = serving.view(SHARE, pune.keys.id).digest("")
    assert before.size == 3
    with office.transaction():
        remove_scopes(office, [SCOPES[1]])
    assert serving.refresh()
    assert serving.view(SHARE, pune.keys.id).digest("") == EMPTY
    with office.transaction():
        office.take_back(held, 0)
        remove_scopes(office, [SCOPES[1]])
        office.take_back(held, 0)
    assert serving.refresh()
    assert serving.view(SHARE, pune.keys.id).digest("") == before
    check_news(serving, pune.keys.id)


def test_what_is_shared_is_known_without_a_view_and_asking_for_it_leaves_the_view_of_control():
    office = head_office()
    pune = branch_of(office, "Pune")
    save(office, SCOPES[1], bytes(16), amount="1")
    control = office.view(CONTROL, pune.keys.id)
    assert missing_there(office, pune.keys.id) > 0
    assert office.view(CONTROL, pune.keys.id) is control
    assert office.share_with(pune.keys.id) is office.view(SHARE, pune.keys.id).share
    assert not office.share_with(b"").covers(SCOPES[1])
    assert office.view(SHARE, b"").digest("") == EMPTY
    assert office.view(CONTROL, pune.keys.id) is control


def _number(replica: Replica) -> int:
    found = replica.store.find_scope(SCOPES[1])
    assert found is not None
    return found
