"""What a relay tells its members of each other: when each was seen, what it has, and what waits for it since when.

A report is no commit and proves nothing: it is what one relay says, kept by each member until the relay says otherwise.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from p2p.chain import RELAY
from p2p.chain_members import Member
from p2p.limits import REPORT_ROWS_MAX
from p2p.messages import Report, ReportRow
from p2p.replica import Replica
from p2p.waiting import waiting_for


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


class Reports:
    """What a relay tells its members at one moment; what is said of a device is found out once, whoever hears it."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica
        self._links = {link.device: link for link in replica.links.statuses()}
        members = (one for one in replica.chain.members.values() if one.role != RELAY and one.revoked_at is None)
        self._members = sorted(members, key=lambda one: one.admitted_at)
        self._rows: dict[bytes, ReportRow] = {}

    def to(self, peer: bytes) -> Report:
        """What a member is told: of its own branch and of those it has rules with; the keeper hears of all.

        Cost: 1 µs a member and rule; of each device that is spoken of, one step for each commit that waits for it.
        """
        return Report([self._row(member) for member in self._concerned(peer)][:REPORT_ROWS_MAX])

    def _row(self, member: Member) -> ReportRow:
        row = self._rows.get(member.device)
        if row is None:
            link, waiting = self._links.get(member.device), waiting_for(self._replica, member.device)
            seen, delivered = (link.seen_at, link.in_sync_at) if link is not None else (None, None)
            row = self._rows[member.device] = ReportRow(member.device, seen, delivered, waiting.commits, waiting.since)
        return row

    def _concerned(self, peer: bytes) -> Iterator[Member]:
        """The devices that a member hears of, in the order they were admitted."""
        replica = self._replica
        asking = replica.chain.member(peer)
        if asking is None or asking.role == RELAY:
            return
        hears = {one.other(asking.branch) for one in replica.agreements} | {asking.branch}
        for member in self._members:
            if member.device != peer and (peer == replica.chain.keeper or member.branch in hears):
                yield member


def report_for(replica: Replica, peer: bytes) -> Report:
    """What a relay tells one member now; see `Reports`."""
    return Reports(replica).to(peer)


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


def reported(replica: Replica) -> list[Reported]:
    """What the company's relays said last, by relay and device."""
    rows = replica.db.execute("SELECT * FROM reports ORDER BY relay, device").fetchall()
    found = [Reported(*row) for row in rows]
    members = replica.chain.member
    return [one for one in found if (relay := members(one.relay)) is not None and relay.revoked_at is None]
