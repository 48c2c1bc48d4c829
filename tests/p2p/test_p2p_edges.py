"""What once went wrong between copies, each in its smallest form, without a network."""

import hashlib
import os

from crdt_models.saves import pack_save
from p2p.chain import BranchAdded, Epoch
from p2p.commit import Item, make_commit
from p2p.founding import append
from p2p.keyring import ROOT, HeldKey, Keyring
from p2p.limits import UNACKNOWLEDGED_BYTES_MAX
from p2p.links import Links
from p2p.messages import SHARE, Ask, CommitParts, encode
from p2p.reconcile import Compared
from p2p.replica import Ingested, Replica
from p2p.scope import keys_scope
from p2p.seals import seal_keys
from p2p.session import Session
from tests.p2p.copies import NOW, branch_of, digest, head_office, save, seeded, sync
from tests.p2p.stores import a_store
from tests.p2p.test_outflow import JUNE, LARGEST, Copy, Flow, stored

SALES = "vouchers/ho/sales/2026-04"


def doc(number: int) -> bytes:
    return hashlib.sha256(str(number).encode()).digest()[:16]


def parts_of(replica: Replica, scope: str) -> list[CommitParts]:
    number = replica.store.find_scope(scope)
    assert number is not None
    return [(one.header, one.signature, one.body) for one in replica.store.in_scope(number, 0, 10_000)]


def give(replica: Replica, parts: list[CommitParts]) -> Ingested:
    return replica.ingest_from(replica.check_untrusted(parts), b"p" * 32, None, NOW)


def test_in_sync_is_not_shown_while_a_commit_waits_for_its_key() -> None:
    office = head_office()
    pune = branch_of(office, "Pune")
    sync(pune, office)
    epoch, root = Keyring.new_epoch(seeded("second"))
    append(office, Epoch(time=NOW, epoch=epoch))
    held = [HeldKey(epoch, ROOT, root)]
    mine = seal_keys(office.company, office.keys.id, office.keys.seal_public, held)
    office.commit(keys_scope(office.keys.author), [mine], NOW)
    save(office, SALES, doc(1), amount="1.00")
    line = sync(pune, office)
    assert pune.documents_of("voucher", doc(1)) == [], "it cannot be read yet"
    assert not line.sessions[0].in_sync


def test_a_long_run_of_commits_that_waited_for_its_proof_is_taken_in() -> None:
    office = head_office()
    pune = branch_of(office, "Pune")
    for number in range(600):
        save(office, SALES, doc(number), amount="1.00")
    give(pune, parts_of(office, keys_scope(pune.keys.author)))
    *earlier, last = parts_of(office, SALES)
    for header, _, body in earlier:
        assert give(pune, [(header, bytes(64), body)]).held_back
    assert give(pune, [last]).gained == 1
    assert digest(pune)[SALES] == digest(office)[SALES]


def test_what_was_held_back_is_judged_in_one_pass_when_the_chain_grows() -> None:
    office = head_office()
    pune = branch_of(office, "Pune")
    append(office, BranchAdded(time=NOW, code="lat", name="Latur"))
    for number in range(300):
        save(office, SALES, doc(number), junk=os.urandom(12_000))
    assert len(give(pune, parts_of(office, SALES)).held_back) == 300
    reads = 0

    def count(statement: str) -> None:
        nonlocal reads
        reads += statement.startswith("SELECT") and "FROM held_back ORDER BY" in statement

    pune.db.set_trace_callback(count)
    pune.extend_chain(office.chain_entries(-1))
    assert pune.store.count() == 300
    assert reads < 10


def test_what_still_waits_is_counted_once_a_batch_and_left_where_it_is_when_the_chain_grows() -> None:
    office = head_office()
    pune = branch_of(office, "Pune")
    epoch, key, seen = office.chain.epochs[0], bytes(32), (1_000_000, b"made up.")
    parts: list[CommitParts] = []
    for number in range(50):
        item = Item(doc(number), "voucher", pack_save({"amount": "1.00"}, (), "eve"))
        made = make_commit(pune.keys, SALES, [item], NOW, b"", seen, epoch, key, seeded(number))
        parts.append((made.header_bytes, made.signature, made.ciphertext))
    asked: list[str] = []
    office.db.set_trace_callback(lambda statement: asked.append(statement) if "held_back" in statement else None)
    assert len(give(office, parts).held_back) == 50
    assert sum("count(*)" in statement for statement in asked) == 1
    asked.clear()
    append(office, BranchAdded(time=NOW, code="lat", name="Latur"))
    assert len(asked) < 3 * len(parts)
    assert all(statement.startswith("SELECT") and "count(*)" not in statement for statement in asked)
    assert len(give(office, parts).held_back) == 50


def test_comparing_control_forgets_nothing_of_what_is_shared() -> None:
    links = Links(a_store())
    links.compared(b"p" * 32, b"s" * 16, [Compared("masters", b"a" * 16, b"b" * 16)])
    links.compared(b"p" * 32, b"", [Compared("control", b"c" * 16, b"d" * 16)])
    assert links.is_settled(links.link(b"p" * 32).id, b"s" * 16, "masters", b"a" * 16, b"b" * 16)


def test_the_window_is_never_passed() -> None:
    copy = Copy(**{JUNE: [stored(JUNE, number, LARGEST) for number in range(40)]})
    flow = Flow(copy)
    flow.outflow.wanted(1, SHARE, [(JUNE, None)])
    flow.outflow.pump()
    assert flow.unacknowledged(0) <= UNACKNOWLEDGED_BYTES_MAX


def an_open_listener() -> Session:
    office = head_office()
    for number in range(300):
        save(office, f"vouchers/ho/sales/{1900 + number}-04", doc(number), amount="1.00")
    line = sync(branch_of(office, "Pune"), office)
    return line.sessions[1]


def test_one_question_does_not_make_tens_of_megabytes() -> None:
    session = an_open_listener()
    share = session._local.view(SHARE, session.peer or b"").share.id
    session.receive(encode(Ask(SHARE, share, [""] * 1024)), 0)
    assert len(session.outgoing()) < 2 << 20
