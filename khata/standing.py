"""Where this copy stands: who it is, how far each peer is in sync, what waits for somebody."""

from typing import Any

from khata.books import Books
from khata.daemon import STATUS, ask
from khata.devices import entry_time
from khata.relay_use import delivery
from khata.showing import instant
from khata.waiting import waiting
from p2p.contact import Contact
from p2p.identity import spell
from p2p.status import peer_statuses
from p2p.store import QUARANTINED, WAITING_FOR_KEY

Json = dict[str, Any]


def standing(books: Books) -> Json:
    """What `khata status` shows. A peer is connected as far as a serving process says so.

    Cost: a few index lookups, and one step for each commit since a peer was last in sync.
    """
    answer = (ask(books.folder, STATUS) if books.folder is not None else None) or {}
    lines = {peer["device"]: peer for peer in answer.get("peers", ())}
    live = {device: bool(peer["in_sync"]) for device, peer in lines.items()}
    contact = Contact(books.replica.store)
    paused, now = contact.paused(), books.now()
    waits = {one.device: one for one in waiting(books)}
    member = books.member
    branch = books.replica.chain.branches.get(member.branch)
    peers = []
    for peer in peer_statuses(books.replica):
        connected = peer.device.hex() in live
        in_sync_now = live.get(peer.device.hex(), False)
        peers.append({
            "name": peer.name,
            "branch": peer.branch,
            "device_id": spell(peer.device),
            "address": peer.address,
            "connected": connected,
            "paused": peer.device in paused,
            "as_of": ago(peer.in_sync_at, now),
            "waiting": waits[peer.device].text if peer.device in waits else "",
            "line": lines.get(peer.device.hex()),
            "in_sync": in_sync_now,
            "in_sync_at": None if peer.in_sync_at is None else instant(peer.in_sync_at),
            "seen_at": None if peer.seen_at is None else instant(peer.seen_at),
            "missing_here": 0 if in_sync_now else peer.missing_here,
            "missing_there": 0 if in_sync_now else peer.missing_there,
            "error": None if in_sync_now else peer.error,
            "clock_off_ms": peer.clock_off_ms,
        })  # fmt: skip
    return {
        "company": books.company_name,
        "device": member.name,
        "device_id": spell(member.device),
        "branch": branch.name if branch is not None else member.branch,
        "code": member.series,
        "revoked": None
        if member.revoked_at is None
        else {"by": _keeper_then(books, member.revoked_at), "at": entry_time(books, member.revoked_at)},
        "serving": bool(answer),
        "working_offline": contact.is_offline,
        "listening": answer.get("listening"),
        "commits": books.replica.store.count(),
        "waiting_for_key": _in_state(books, WAITING_FOR_KEY),
        "quarantined": _in_state(books, QUARANTINED),
        "held_back": books.db.execute("SELECT count(*) FROM held_back").fetchone()[0],
        "refused": [
            {
                "from": books.device_name(refusal.device[:8]),
                "commit": refusal.commit_id.hex(),
                "reason": refusal.reason,
                "at": instant(refusal.at),
            }
            for refusal in books.replica.links.refusals()
        ],
        "peers": peers,
        "relays_say": delivery(books),
    }


def ago(at: int | None, now: int) -> str:
    """How long ago something was, for people: `never`, `12 s ago`, `2 h ago`, `3 d ago`."""
    if at is None:
        return "never"
    seconds = max(0, now - at) // 1000
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"


def _keeper_then(books: Books, seq: int) -> str:
    return books.device_name(books.replica.chain.keeper_at(seq - 1)[:8])


def _in_state(books: Books, state: int) -> int:
    return int(books.db.execute("SELECT count(*) FROM set_aside WHERE state=?", (state,)).fetchone()[0])
