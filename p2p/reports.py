"""What a relay tells its members of each other: when each was seen, what it has, and what waits for it since when.

A report is no commit and proves nothing: it is what one relay says, kept by each member until the relay says otherwise.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from p2p.chain import RELAY
from p2p.chain_members import Member
from p2p.limits import REPORT_ROWS_MAX
from p2p.messages import Report, ReportRow
from p2p.replica import Replica
from p2p.waiting import WaitingCounts, control_waits

_CONTROL: Final = b""
"""Stands for `control` where otherwise a share is named."""


class Reported(NamedTuple):
    """What a relay said last of a device; times are the relay's, ms since 1970, None when never or nothing.

    Attributes:
        relay: device id of the relay.
        device: of the device that is spoken of.
        seen_at: when it was last there.
        delivered_at: up to when it is known to hold all that it should.
        waiting: how many commits wait for it there.
        since: when the first of these came.
        said_at: when the relay said so, by the clock here.
    """

    relay: bytes
    device: bytes
    seen_at: int | None
    delivered_at: int | None
    waiting: int
    since: int | None
    said_at: int


class Delivered(NamedTuple):
    """What is known, through a relay, to have reached a device: of what the relay carries, all up to a local row."""

    row: int
    relay: bytes


def delivered_through(replica: Replica, device: bytes) -> Delivered:
    """How far a device has what was left for it at relays, as far as these have said; row 0 when nothing is known.

    What was known under other rules with that device is not counted: more may flow to it now.
    """
    share = replica.share_with(device).id
    return max((one for one, under in _delivered(replica, device) if under == share), default=Delivered(0, b""))


def control_delivered(replica: Replica, device: bytes) -> int:
    """The last local row up to which a device is known to hold `control` through a relay, whatever the rules were."""
    return max((one.row for one, share in _delivered(replica, device) if share == _CONTROL), default=0)


def _delivered(replica: Replica, device: bytes) -> list[tuple[Delivered, bytes]]:
    rows = replica.db.execute("SELECT row, relay, share FROM delivered WHERE device=?", (device,))
    return [(Delivered(row, relay), share) for row, relay, share in rows]


def _note_delivered(replica: Replica, relay: bytes, said_now: Sequence[ReportRow]) -> None:
    """Take from what a relay has just said what has reached whom. Inside a transaction.

    It said so after what it has last agreed upon with this copy: what one end says arrives in order. So where nothing
    waits there for a device, all of that has reached it. No clock has a part in this: any of them may jump.
    """
    row = replica.link(relay).settled_under(replica.share_with(relay).id)
    for said in said_now if row else ():
        shares = [] if said.control else [_CONTROL]
        if not said.waiting:
            shares.append(replica.share_with(said.device).id)
            replica.db.execute(
                "DELETE FROM delivered WHERE device=? AND relay=? AND share NOT IN (?, ?)",
                (said.device, relay, _CONTROL, shares[-1]),
            )
        rows = [(said.device, relay, share, row) for share in shares]
        replica.db.executemany("INSERT OR REPLACE INTO delivered VALUES (?, ?, ?, ?)", rows)


class Reports:
    """What a relay tells its members at one moment; what is said of a device is found out once, whoever hears it.

    Args:
        waiting: what waits for each, as far as it was counted before.
    """

    def __init__(self, waiting: WaitingCounts) -> None:
        replica = self._replica = waiting.replica
        self._waiting = waiting
        self._links = {link.device: link for link in replica.links.statuses()}
        members = (one for one in replica.chain.members.values() if one.role != RELAY and one.revoked_at is None)
        self._members = sorted(members, key=lambda one: one.admitted_at)
        self._rows: dict[bytes, ReportRow] = {}

    def to(self, peer: bytes) -> Report:
        """What a member is told: of its own branch and of those it has rules with; the keeper hears of all.

        Cost: 1 µs a member and rule; of each device that is spoken of, what counting on costs.
        """
        return Report([self._row(member) for member in self._concerned(peer)][:REPORT_ROWS_MAX])

    def _row(self, member: Member) -> ReportRow:
        row = self._rows.get(member.device)
        if row is None:
            link, waiting = self._links.get(member.device), self._waiting.of(member.device)
            seen, delivered = (link.seen_at, link.in_sync_at) if link is not None else (None, None)
            row = self._rows[member.device] = ReportRow(
                member.device,
                seen,
                delivered,
                waiting.commits,
                waiting.since,
                control_waits(self._replica, member.device),
            )
        return row

    def _concerned(self, peer: bytes) -> Iterator[Member]:
        """The devices that a member hears of, in the order they were admitted."""
        replica = self._replica
        asking = replica.chain.member(peer)
        if asking is None or asking.role == RELAY:
            return
        hears = {one.other(asking.branch) for one in replica.agreements if one.active} | {asking.branch}
        for member in self._members:
            if member.device != peer and (peer == replica.chain.keeper or member.branch in hears):
                yield member


def keep_report(replica: Replica, relay: bytes, rows: Sequence[ReportRow], now: int) -> None:
    """Keep what a relay says, in place of what it said before; what any other device says is passed over."""
    member = replica.chain.member(relay)
    if member is None or member.role != RELAY or member.revoked_at is not None:
        return
    known = [row for row in rows if replica.chain.member(row.device) is not None]
    with replica.store.noting():
        replica.db.execute("DELETE FROM reports WHERE relay=?", (relay,))
        replica.db.executemany(
            "INSERT OR REPLACE INTO reports VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(relay, row.device, row.seen_at, row.delivered_at, row.waiting, row.since, now) for row in known],
        )
        _note_delivered(replica, relay, known)


def reported(replica: Replica) -> list[Reported]:
    """What the company's relays said last, by relay and device."""
    rows = replica.db.execute("SELECT * FROM reports ORDER BY relay, device").fetchall()
    found = [Reported(*row) for row in rows]
    members = replica.chain.member
    return [one for one in found if (relay := members(one.relay)) is not None and relay.revoked_at is None]
