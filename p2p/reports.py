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
from p2p.rules import agreements_in
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


def report_for(replica: Replica, peer: bytes) -> Report:
    """What a relay tells a member: of its own branch and of branches with which it has rules; the keeper hears of all.

    Cost: one step for each commit that waits for one of them.
    """
    links = {link.device: link for link in replica.links.statuses()}
    rows = []
    for member in _concerned(replica, peer):
        link, waiting = links.get(member.device), waiting_for(replica, member.device)
        seen, delivered = (link.seen_at, link.in_sync_at) if link is not None else (None, None)
        rows.append(ReportRow(member.device, seen, delivered, waiting.commits, waiting.since))
    return Report(rows[:REPORT_ROWS_MAX])


def _concerned(replica: Replica, peer: bytes) -> Iterator[Member]:
    """The devices that a member hears of, in the order they were admitted."""
    asking = replica.chain.member(peer)
    if asking is None or asking.role == RELAY:
        return
    agreed = agreements_in(replica.documents, replica.chain)
    branches = {branch for one in agreed for branch in (one.source, one.target) if asking.branch in one[1:3]}
    for member in sorted(replica.chain.members.values(), key=lambda one: one.admitted_at):
        if member.role == RELAY or member.revoked_at is not None or member.device == peer:
            continue
        if peer == replica.chain.keeper or member.branch in branches | {asking.branch}:
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


def reported(replica: Replica) -> list[Reported]:
    """What the company's relays said last, by relay and device."""
    rows = replica.db.execute("SELECT * FROM reports ORDER BY relay, device").fetchall()
    found = [Reported(*row) for row in rows]
    members = replica.chain.member
    return [one for one in found if (relay := members(one.relay)) is not None and relay.revoked_at is None]
