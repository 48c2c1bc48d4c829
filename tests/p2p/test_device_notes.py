"""What devices say of themselves: only their own saves count, whatever others write in the same place."""

from crdt_models.saves import PARENTS_MAX, pack_save
from p2p.commit import Item, make_commit
from p2p.device_notes import ADDRESSES, DEVICE_KIND, note_of, save_note
from p2p.messages import CommitParts
from p2p.packed import DOCUMENT_ID_BYTES
from p2p.replica import Replica
from p2p.scope import DEVICES_SCOPE
from tests.p2p.copies import NOW, branch_of, bring_control, head_office, seeded


def written_in_note(member: Replica, device: bytes, times: int) -> list[CommitParts]:
    """Saves of a member in the note of another device, none of which knows of any other there."""
    (epoch, *_), (seq, head) = member.chain.epochs, member.chain.head
    key, random = member.keyring.key(epoch, DEVICES_SCOPE), seeded("nonces")
    made, prev = list[CommitParts](), b""
    for number in range(times):
        item = Item(device[:DOCUMENT_ID_BYTES], DEVICE_KIND, pack_save({ADDRESSES: [f"eve{number}:1"]}, (), "eve"))
        one = make_commit(member.keys, DEVICES_SCOPE, [item], NOW, prev, (seq, head[:8]), epoch, key, random)
        made.append((one.header_bytes, one.signature, one.ciphertext))
        prev = one.id
    return made


def test_what_others_write_in_a_note_neither_counts_nor_keeps_its_device_from_saying_more():
    office = head_office()
    pune = branch_of(office, "Pune")
    bring_control(office, pune)
    assert save_note(office, {ADDRESSES: ["office:7420"], "khata": "1"}, "asha", NOW)
    foreign = written_in_note(pune, office.keys.id, PARENTS_MAX + 1)
    assert office.ingest_from(office.check_untrusted(foreign), pune.keys.id, None, NOW).gained == len(foreign)
    assert note_of(office, office.keys.id) == {ADDRESSES: ["office:7420"], "khata": "1"}
    assert save_note(office, {ADDRESSES: ["office:7421"]}, "asha", NOW)
    bring_control(office, pune)
    for replica in (office, pune):
        assert note_of(replica, office.keys.id) == {ADDRESSES: ["office:7421"], "khata": "1"}
    document = office.document(DEVICES_SCOPE, DEVICE_KIND, office.keys.id[:DOCUMENT_ID_BYTES])
    assert document is not None
    own = [save for save in document.saves().values() if save.author == office.keys.author]
    assert {parent for save in own for parent in save.parents} < {save.id for save in own}


def test_a_device_that_said_something_before_it_knew_what_it_had_said_shows_the_later_and_goes_on_from_both():
    office = head_office()
    for address, time in (("a:1", NOW), ("b:1", NOW + 1)):
        save = pack_save({ADDRESSES: [address]}, (), "asha")
        office.commit(DEVICES_SCOPE, [Item(office.keys.id[:DOCUMENT_ID_BYTES], DEVICE_KIND, save)], time)
    assert note_of(office, office.keys.id) == {ADDRESSES: ["b:1"]}
    assert save_note(office, {ADDRESSES: ["c:1"]}, "asha", NOW - 1)
    assert note_of(office, office.keys.id) == {ADDRESSES: ["c:1"]}
