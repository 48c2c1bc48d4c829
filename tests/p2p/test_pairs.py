"""What is public of branches: told once for each epoch and branch, and what waits for it opens when it comes."""

from crdt_models.packing import Value
from crdt_models.saves import pack_save
from p2p.chain import BranchAdded
from p2p.commit import Item
from p2p.founding import append
from p2p.grants import OWN_BRANCH, PRESETS
from p2p.keyring import ROOT, HeldKey
from p2p.members import revoke
from p2p.pairs import BRANCHES_PER_DOCUMENT_MAX, publications, published_in
from p2p.scope import KEYS_KIND, PAIRS_SCOPE, keys_scope
from p2p.sealing import publish_branches
from p2p.seals import seal_keys
from p2p.store import ACCEPTED, WAITING_FOR_KEY
from tests.p2p.copies import NOW, branch_of, head_office, seeded, sync
from tests.p2p.test_replica import give, parts_of, states

PAIR = "transfers/nag~pun/2026-04"
DOC = b"t" * 16


def test_a_transfer_between_two_branches_is_read_by_both_and_by_no_third() -> None:
    office = head_office()
    pune, nagpur, latur = (
        branch_of(office, name, grant=PRESETS[OWN_BRANCH](name[:3].lower())) for name in ("Pune", "Nagpur", "Latur")
    )
    for copy in (pune, nagpur, latur):
        copy.extend_chain(office.chain_entries(copy.chain.head[0]))
        give(copy, parts_of(office, keys_scope(copy.keys.author)))
    for copy in (pune, latur):
        give(copy, parts_of(office, PAIRS_SCOPE))
    pune.commit(PAIR, [Item(DOC, "transfer", pack_save({"narration": "canary"}, (), "asha"))], NOW)
    for copy in (office, nagpur, latur):
        give(copy, parts_of(pune, PAIR))
    assert states(office, PAIR) == [ACCEPTED]
    assert states(nagpur, PAIR) == [WAITING_FOR_KEY]
    assert latur.document(PAIR, "transfer", DOC) is None
    give(nagpur, parts_of(office, PAIRS_SCOPE))
    assert states(nagpur, PAIR) == [ACCEPTED]
    assert latur.keyring.key(office.chain.epochs[0], PAIR) is None


def test_an_epoch_that_begins_tells_it_of_all_branches_and_doing_it_again_tells_nothing() -> None:
    office = head_office()
    pune, nagpur = branch_of(office, "Pune"), branch_of(office, "Nagpur")
    told = {(epoch, code) for epoch, code, _ in published_in(office.documents.in_scope(PAIRS_SCOPE))}
    assert told == {(office.chain.epochs[0], code) for code in ("ho", "pun", "nag")}
    revoke(office, nagpur.keys.id, NOW, seeded(1))
    told = {(epoch, code) for epoch, code, _ in published_in(office.documents.in_scope(PAIRS_SCOPE))}
    assert told == {(epoch, code) for epoch in office.chain.epochs for code in ("ho", "pun", "nag")}
    before = office.store.scopes()[PAIRS_SCOPE]
    with office.transaction():
        publish_branches(office, NOW)
    assert office.store.scopes()[PAIRS_SCOPE] == before
    sync(pune, office)
    assert pune.store.scopes()[PAIRS_SCOPE] == before


def test_many_branches_are_told_of_in_several_documents() -> None:
    publics = [(f"b{number:03d}", bytes([number % 256]) * 32) for number in range(2 * BRANCHES_PER_DOCUMENT_MAX + 1)]
    items = list(publications(b"epoch  1", publics))
    assert len(items) == 3
    assert len({item.document for item in items}) == 3
    office = head_office()
    with office.transaction():
        office.commit(PAIRS_SCOPE, items, NOW)
    told = published_in(office.documents.in_scope(PAIRS_SCOPE))
    assert sorted(told) == [(b"epoch  1", code, public) for code, public in publics]


def test_what_is_malformed_there_is_passed_over() -> None:
    office = head_office()
    append(office, BranchAdded(time=NOW, code="pun", name="Pune"))
    good = list(published_in(office.documents.in_scope(PAIRS_SCOPE)))
    (epoch,) = office.chain.epochs
    malformed: list[dict[str, Value]] = [
        {"epoch": epoch, "pairs": {"lat": b"short"}},
        {"epoch": b"x", "pairs": {"lat": bytes(32)}},
        {"epoch": epoch, "pairs": 7},
        {"pairs": {}},
    ]
    for number, values in enumerate(malformed):
        office.commit(PAIRS_SCOPE, [Item(bytes([number]) * 16, KEYS_KIND, pack_save(values, (), "asha"))], NOW)
    item = seal_keys(office.company, office.keys.id, office.keys.seal_public, [HeldKey(epoch, ROOT, b"k" * 32)])
    office.commit(PAIRS_SCOPE, [item], NOW)
    assert list(published_in(office.documents.in_scope(PAIRS_SCOPE))) == good
