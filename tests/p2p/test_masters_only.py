"""A device that is granted masters alone: what it hears, directly and through a relay, and what it cannot open."""

import pytest

from p2p.chain import Grant
from p2p.commit import read_header
from p2p.limits import QUOTA_BYTES
from p2p.messages import AnyMessage, Ask, Commits, FrameReader, Fresh, Offer, Tree, Want
from p2p.relay_admission import admit_relay
from p2p.relay_invite import RelayTicket
from p2p.replica import Replica
from p2p.store import CARRIED
from tests.p2p.copies import NOW, Line, branch_of, bring_control, head_office, keys_of, save, seeded, sync
from tests.p2p.stores import a_store
from tests.p2p.test_rules import MASTERS, PAIR, PUNE_SALES, SALES, changed, doc, filled, held

MASTERS_ALONE = Grant(("control/**", "masters/**"), ("masters/**",))


class Overheard(Line):
    """A line on which every message is noted as it arrives."""

    def __init__(self, dialer: Replica, listener: Replica) -> None:
        super().__init__(dialer, listener)
        self.said: list[AnyMessage] = []
        self._readers = (FrameReader(), FrameReader())

    def deliver(self, side: int, data: bytes) -> None:
        """Note what arrives, and let it arrive."""
        self._readers[side].feed(data)
        while (message := self._readers[side].next_message_untrusted()) is not None:
            self.said.append(message)
        super().deliver(side, data)

    @property
    def roots(self) -> set[str]:
        """The first parts of all scopes that were named or sent, in whatever message about commits."""
        return {node.partition("/")[0] for message in self.said for node in nodes(message)}


def nodes(message: AnyMessage) -> list[str]:
    """Every scope or path that a message names."""
    if isinstance(message, Ask):
        return list(message.nodes)
    if isinstance(message, Tree):
        return [one.node for one in message.answers] + [part[0] for one in message.answers for part in one.parts or ()]
    if isinstance(message, Offer):
        return [node for node, _ in message.ids]
    if isinstance(message, Want):
        return [node for node, _ in message.items]
    if isinstance(message, Commits | Fresh):
        return [read_header(header).scope for header, _, _ in message.commits]
    return []


def overheard(dialer: Replica, listener: Replica) -> Overheard:
    line = Overheard(dialer, listener)
    line.run()
    assert line.in_sync
    return line


def a_relay_of(office: Replica) -> Replica:
    keys = keys_of("Cloud")
    ticket = RelayTicket(keys.public, keys.seal_public, "Cloud", ("127.0.0.1:1",), bytes(16), NOW, QUOTA_BYTES)
    admit_relay(office, ticket, NOW)
    relay = Replica(a_store(), keys, office.company, random=seeded("Cloud"))
    relay.extend_chain(office.chain_entries(-1))
    return relay


@pytest.mark.parametrize("rule", ["masters-only", "everything"])
@pytest.mark.parametrize("through_relay", [False, True])
def test_it_gets_every_master_and_hears_of_no_scope_of_vouchers(rule, through_relay):
    office = filled(head_office())
    tablet = branch_of(office, "Tablet", grant=MASTERS_ALONE, rule=rule)
    other = office
    if through_relay:
        other = a_relay_of(office)
        assert sync(office, other).in_sync
    first = overheard(tablet, other)
    assert held(tablet) == {MASTERS}
    assert first.roots == {"", "control", "masters"}
    # Nor when masters and vouchers are made at both ends, offered and pushed.
    for number in range(60, 64):
        save(tablet, MASTERS, doc(number), name=f"ledger {number}")
        save(office, MASTERS, doc(number + 10), name=f"ledger {number}")
        save(office, SALES, doc(number), amount="7391824.56")
    if through_relay:
        assert sync(office, other).in_sync
    second = overheard(tablet, other)
    assert second.roots <= {"", "control", "masters"}
    assert held(tablet) == {MASTERS}
    assert len(tablet.documents.in_scope(MASTERS)) == 9


def test_a_voucher_that_is_fed_to_it_by_hand_does_not_open():
    office = filled(head_office())
    tablet = branch_of(office, "Tablet", grant=MASTERS_ALONE)
    assert sync(tablet, office).in_sync
    commit = save(office, SALES, doc(80), amount="7391824.56")
    parts = [(commit.header_bytes, commit.signature, commit.ciphertext)]
    assert tablet.keyring.key(commit.header.epoch, SALES) is None
    fed = tablet.ingest_from(tablet.check_untrusted(parts), office.keys.id, None, NOW)
    assert fed.gained == 1
    (stored,) = [one for one in tablet.store.everything() if one.id == commit.id]
    assert stored.state == CARRIED
    assert tablet.document(SALES, "voucher", doc(80)) is None
    # In a conversation it is not even taken.
    again = save(office, SALES, doc(81), amount="1.00")
    parts = [(again.header_bytes, again.signature, again.ciphertext)]
    share = tablet.view(1, office.keys.id).share
    taken = tablet.ingest_from(tablet.check_untrusted(parts), office.keys.id, share, NOW, share.id)
    assert (taken.gained, len(taken.refused)) == (0, 1)


@pytest.mark.parametrize(("mode", "here"), [("on-demand", {MASTERS, SALES, PUNE_SALES, PAIR}), ("online", {PAIR})])
def test_a_relay_delivers_what_is_on_demand_and_not_what_is_for_when_both_are_online(mode, here):
    office = filled(head_office())
    pune = branch_of(office, "Pune")
    bring_control(office, pune)
    changed(office, pune, mode=mode, sends=("masters/**", "vouchers/*/sales/*"))
    relay = a_relay_of(office)
    pune.extend_chain(office.chain_entries(pune.chain_head()[0]))
    for copy in (office, pune, office, pune):
        assert sync(copy, relay).in_sync
    assert held(pune) == here
    assert sync(pune, office).in_sync
    assert held(pune) == {MASTERS, SALES, PUNE_SALES, PAIR}
