"""Relays that this company uses: adding one with the invitation it gave, and how far each of them is."""

from typing import Any, NamedTuple

import trio

from khata.books import Books
from khata.showing import instant
from khata.syncing import sync_with, without_waiting
from p2p.identity import spell
from p2p.introduction import Join
from p2p.node import Outcome
from p2p.relay_admission import admit_relay, relays_of
from p2p.relay_invite import RelayTicket, offering
from p2p.reports import reported
from p2p.whereabouts import address_of

Json = dict[str, Any]


class Added(NamedTuple):
    """How adding a relay ended: what it is called here, and how showing it the company went."""

    name: str
    outcome: Outcome


def add_relay(books: Books, ticket: RelayTicket, timeout_seconds: float) -> Added:
    """Admit a relay, and show it the company at the addresses in its invitation. May be repeated.

    Raises:
        NotAllowed: this device is not the keeper.
        ChainError: the relay was revoked.
    """
    with books.writing():
        member = admit_relay(books.replica, ticket, books.now())

    async def try_each() -> Outcome:
        outcome: Outcome | None = None
        for address in ticket.addresses:
            outcome = await sync_with(books, address, timeout_seconds, None, _offer(books, ticket), ticket.device)
            if outcome.in_sync:
                break
        assert outcome is not None
        return outcome

    with without_waiting(books):
        outcome = trio.run(try_each)
    return Added(member.name, outcome)


def _offer(books: Books, ticket: RelayTicket) -> Join:
    return offering(ticket, books.replica.keys, books.member.name, books.company, books.replica.chain_head())


def relay_list(books: Books) -> list[Json]:
    """Every relay of the company: where it is, when it was last met, whether it was in sync then."""
    links = {link.device: link for link in books.replica.links.statuses()}
    rows = []
    for member in relays_of(books.replica):
        link = links.get(member.device)
        rows.append({
            "name": member.name,
            "device_id": spell(member.device),
            "address": address_of(books.replica, member.device),
            "last_met": _instant(link.seen_at if link is not None else None),
            "in_sync_at": _instant(link.in_sync_at if link is not None else None),
            "error": link.error if link is not None else None,
        })  # fmt: skip
    return rows


def delivery(books: Books) -> list[Json]:
    """What the company's relays say of its other devices: last seen, delivered up to, what waits there since when."""
    rows = []
    for said in reported(books.replica):
        relay, member = (books.replica.chain.member(device) for device in (said.relay, said.device))
        if relay is not None and member is not None:
            rows.append({
                "relay": relay.name,
                "device": member.name,
                "branch": member.branch,
                "last_seen": _instant(said.seen_at),
                "delivered_until": _instant(said.delivered_at),
                "waiting": said.waiting,
                "waiting_since": _instant(said.since),
                "said_at": _instant(said.said_at),
            })  # fmt: skip
    return rows


def _instant(at: int | None) -> str | None:
    return None if at is None else instant(at)
