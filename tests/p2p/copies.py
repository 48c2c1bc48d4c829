"""Small companies for tests: copies in memory, saves in them, and conversations between them without a network."""

import random as randomness
from collections.abc import Callable
from pathlib import Path

from crdt_models.packing import Value
from crdt_models.saves import pack_save
from p2p.chain import MEMBER, READ_DEFAULT, READ_RELAY, RELAY, WRITE_DEFAULT, Admitted, BranchAdded, Chain, Grant
from p2p.commit import Commit, Item
from p2p.errors import ChainError, RemoteProtocolError
from p2p.events import ChainCame, ComparedToEnd, Established, Event, Received, SyncChanged
from p2p.founding import admit_device, append, found_company
from p2p.identity import DeviceKeys
from p2p.messages import SHARE
from p2p.replica import Replica
from p2p.rule_deeds import accept, offer_preset
from p2p.rules import rules_in
from p2p.sealing import seal_granted
from p2p.session import Session
from p2p.store import Store
from p2p.tree import Digest
from tests.p2p.made_once import beside, generator_of, made_once
from tests.p2p.stores import a_store

NOW = 1_790_000_000_000
EVERYTHING = Grant(READ_DEFAULT, WRITE_DEFAULT)
EVERYTHING_RULE = "everything"


def seeded(seed: object) -> Callable[[int], bytes]:
    """Random bytes that are the same in every run."""
    return randomness.Random(str(seed)).randbytes


def head_office(folder: Path | None = None, seed: str = "HO") -> Replica:
    """A founded company in memory, or in a file of a folder; another seed gives another company."""
    office = _founded(seed)
    return in_file(office, folder / "ho.db") if folder else office


@made_once
def _founded(seed: str) -> Replica:
    random = seeded(seed)
    keys, recovery = DeviceKeys.generate(random), DeviceKeys.generate(random)
    return found_company(a_store(), keys, recovery, "Head Office", "HO", NOW, random=random)


def in_file(copy: Replica, path: Path) -> Replica:
    """A copy in memory, put into a file."""
    path.write_bytes(copy.db.serialize())
    return Replica(Store.open(path), copy.keys, copy.company, random=generator_of(copy).randbytes)


def keys_of(name: str) -> DeviceKeys:
    """The keys of the device of this name: the same in every run."""
    return DeviceKeys.generate(seeded(name))


def branch_of(
    office: Replica,
    name: str,
    folder: Path | None = None,
    grant: Grant = EVERYTHING,
    informed: bool = True,
    rule: str = EVERYTHING_RULE,
    with_all: bool = True,
) -> Replica:
    """A device admitted at the head office; its copy holds the control chain up to its own admission, and no more.

    Args:
        rule: the preset that it and every branch before it have agreed on, which the head office knows; none if empty.
        with_all: with every branch before it, not with the head office alone.
    """
    step = "branch", name, grant, informed, rule, with_all
    branch = beside(office, step, lambda: _admitted(office, name, grant, informed, rule, with_all))
    return in_file(branch, folder / f"{name.lower()}.db") if folder else branch


def _admitted(office: Replica, name: str, grant: Grant, informed: bool, rule: str, with_all: bool) -> Replica:
    keys = keys_of(name)
    series = name[:3].upper()
    if series.lower() not in office.chain.branches:
        append(office, BranchAdded(time=NOW, code=series.lower(), name=name))
    admit_device(office, (keys.public, keys.seal_public), name, series.lower(), series, grant, NOW)
    others = [
        member
        for member in office.chain.members.values()
        if member.branch != series.lower()
        and member.revoked_at is None
        and member.role == MEMBER
        and (with_all or member.device == office.keys.id)
    ]
    for member in others if rule else ():
        agree(office, office.keys if member.device == office.keys.id else keys_of(member.name), keys, rule)
    replica = Replica(a_store(), keys, office.company, random=seeded(name))
    if informed:
        replica.extend_chain(office.chain_entries(-1))
    return replica


def relay_of(office: Replica) -> Replica:
    """A relay admitted at the head office; it holds the control chain and no commit."""
    return beside(office, "relay", lambda: _admitted_relay(office))


def _admitted_relay(office: Replica) -> Replica:
    keys = keys_of("Cloud")
    append(
        office,
        Admitted(
            time=NOW, key=keys.public, seal_key=keys.seal_public, name="Cloud", role=RELAY, read=READ_RELAY, write=()
        ),
    )
    member = office.chain.member(keys.id)
    assert member is not None
    seal_granted(office, member, NOW)
    relay = Replica(a_store(), keys, office.company, random=seeded("Cloud"))
    relay.extend_chain(office.chain_entries(-1))
    return relay


def agree(office: Replica, one: DeviceKeys, other: DeviceKeys, preset: str = EVERYTHING_RULE) -> None:
    """Let one device offer a rule to another and that one accept, and the head office know of it."""
    asking = _at_hand(office, one)
    answering = _at_hand(office, other)
    branch = office.chain.members[other.author].branch
    rule = offer_preset(asking, branch, preset, "asha", NOW)
    for replica in (office, answering):
        bring_control(asking, replica)
    (offered,) = [found for found in rules_in(answering.documents, answering.chain) if found.id == rule]
    accept(answering, offered, "ravi", NOW)
    bring_control(answering, office)
    bring_control(answering, asking)


def _at_hand(office: Replica, keys: DeviceKeys) -> Replica:
    """A copy of a device that holds what the head office holds of `control`, to sign with and to throw away."""
    if keys.id == office.keys.id:
        return office
    replica = Replica(a_store(), keys, office.company, random=seeded(keys.id))
    replica.extend_chain(office.chain_entries(-1))
    bring_control(office, replica)
    return replica


def bring_control(source: Replica, target: Replica) -> None:
    """Hand over every commit in `control` that one copy holds to another."""
    if source is target:
        return
    commits = [
        (stored.header, stored.signature, stored.body)
        for stored in source.store.everything()
        if source.store.scope_path(stored.scope).startswith("control/")
    ]
    target.ingest_from(target.check_untrusted(commits), source.keys.id, None, NOW)


def save(replica: Replica, scope: str, document: bytes, **values: Value) -> Commit:
    """Save registers of a document, knowing all that is here."""
    kind = {"masters": scope.split("/")[1], "vouchers": "voucher"}.get(scope.split("/")[0], "rule")
    held = replica.document(scope, kind, document)
    data = pack_save(values, held.heads() if held else (), "asha")
    return replica.commit(scope, [Item(document, kind, data)], NOW)


class Line:
    """A line between two copies: carries bytes, does what a node would do with events, counts what passes."""

    def __init__(self, dialer: Replica, listener: Replica) -> None:
        self.ends = (dialer, listener)
        self.sessions = (
            Session(dialer, dialer.keys, listener.keys.id, 0, NOW),
            Session(listener, listener.keys, listener.keys.id, 0, NOW, nonce=bytes(32)),
        )
        self.bytes = [0, 0]
        self.turns = 0
        self.carried = b""
        self.pieces = 1 << 20
        self.events: tuple[list[Event], list[Event]] = ([], [])

    def run(self, turns_max: int = 500) -> None:
        """Carry bytes until both ends have nothing more to say."""
        for _ in range(turns_max):
            if not self.step():
                return
            self.turns += 1
        raise AssertionError("the conversation does not come to an end")

    def step(self) -> bool:
        """Carry what is ready to be sent, each way once; whether there was anything."""
        return any([self._carry(0), self._carry(1)])

    def nudge(self) -> None:
        for side in (0, 1):
            self._handle(side, self.sessions[side].changed())

    @property
    def in_sync(self) -> bool:
        return all(session.in_sync for session in self.sessions)

    def _carry(self, side: int) -> bool:
        data = self.sessions[side].outgoing()
        self.bytes[side] += len(data)
        self.carried += data
        self.deliver(1 - side, data)
        return bool(data)

    def deliver(self, side: int, data: bytes) -> None:
        """Let bytes arrive at one side, in pieces."""
        for at in range(0, len(data), self.pieces):
            self._handle(side, self.sessions[side].receive(data[at : at + self.pieces], 0))

    def _handle(self, side: int, events: list[Event]) -> None:
        replica, session = self.ends[side], self.sessions[side]
        self.events[side].extend(events)
        for event in events:
            if isinstance(event, Received):
                assert session.peer is not None
                checked = replica.check_untrusted(event.commits)
                result = replica.ingest_from(checked, session.peer, replica.view(SHARE, session.peer).share, NOW)
                self._handle(side, session.stored(result.gained, result.refused, result.held_back, result.lacking))
            elif isinstance(event, ChainCame):
                self._handle(side, session.chain_kept(_extend(replica, event.entries)))
            elif isinstance(event, Established):
                replica.links.met(event.device, NOW, None, 0)
            elif isinstance(event, ComparedToEnd):
                assert session.peer is not None
                replica.links.compared(session.peer, event.share, event.pairs)
            elif isinstance(event, SyncChanged) and event.in_sync:
                assert session.peer is not None
                replica.links.in_sync(session.peer, event.share, event.mine, event.theirs, event.row, NOW)


def _extend(replica: Replica, entries: list[bytes]) -> str | None:
    try:
        replica.extend_chain(entries)
    except ChainError as error:
        return str(error)
    return None


def sync(dialer: Replica, listener: Replica) -> Line:
    """One conversation to its end."""
    line = Line(dialer, listener)
    line.run()
    return line


def revoked_in(chain: Chain) -> dict[bytes, int]:
    """Device ids that a chain says were revoked, and the entry that did."""
    return {one.device: one.revoked_at for one in chain.members.values() if one.revoked_at is not None}


def digest(replica: Replica) -> dict[str, Digest]:
    """Every scope with its digest: equal on copies that hold the same."""
    return {scope: value for scope, value in replica.store.scopes().items() if value.size}


__all__ = ["NOW", "Line", "RemoteProtocolError", "branch_of", "digest", "head_office", "save", "sync"]
