"""A relay on this machine: making it, inviting companies, serving them, and what it holds for whom."""

import os
import re
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import trio

from khata.branching import check_address
from khata.daemon import POKE, STATUS, ask, listen
from khata.errors import BooksError
from khata.folder import BooksFolder
from khata.relay_http import Page, json_page, serve_pages, text_page
from khata.relay_metrics import RelayMetrics, health
from khata.showing import instant
from p2p.arrivals import stored_by
from p2p.identity import AUTHOR_BYTES, Random, spell
from p2p.limits import NAME_CHARS_MAX, QUOTA_BYTES_MAX
from p2p.node import Said
from p2p.quota import kept_bytes
from p2p.relay_home import RelayCard, RelayHome, is_relay, quota_of
from p2p.relay_invite import RelayTicket
from p2p.relay_node import RelayNode
from p2p.replica import Replica
from p2p.status import PeerStatus, peer_statuses
from p2p.transport import TlsNetwork, parse_address
from p2p.waiting import waiting_for
from p2p.whereabouts import can_be_called

Json = dict[str, Any]

FORGET: Final = "forget"
"""What a command asks a serving relay after a company's store was deleted."""

_SIZES: Final = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_size = re.compile(r"(\d{1,15})\s*([KMGT]?)(?:i?B)?", re.ASCII | re.IGNORECASE)


def read_size(text: str) -> int:
    """How many bytes a text such as `2G`, `500M` or `750000` means.

    Raises:
        BooksError: it means none.
    """
    found = _size.fullmatch(text.strip())
    size = int(found[1]) * _SIZES[found[2].upper()] if found else 0
    if not 1 <= size <= QUOTA_BYTES_MAX:
        raise BooksError(f"{text!r} is no size; write it as 500M or 2G")
    return size


def show_size(size: int) -> str:
    """Bytes as people read them: 1.4 MB."""
    number, unit = float(size), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if number < 1000:
            break
        number, unit = number / 1000, larger
    return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"


def make_relay(folder: BooksFolder, name: str, addresses: Sequence[str], random: Random = os.urandom) -> RelayHome:
    """Make a relay in an empty folder.

    Raises:
        BooksError: the name or an address cannot be used.
        RelayError, KeyFileError, StoreError: see `RelayHome.make`.
    """
    name = name.strip()
    if not name or len(name) > NAME_CHARS_MAX or not name.isprintable():
        raise BooksError(f"{name[:40]!r} cannot be a relay's name; use 1 to {NAME_CHARS_MAX} letters, digits, spaces")
    for address in addresses:
        check_address(address)
    return RelayHome.make(folder.path, RelayCard(name, tuple(addresses)), random)


def is_relay_folder(folder: BooksFolder) -> bool:
    """Whether a relay lies in a folder, and not the books of a branch."""
    return is_relay(folder.path)


def invite_company(
    home: RelayHome, folder: BooksFolder, addresses: Sequence[str], quota: str, days: int, now: int
) -> RelayTicket:
    """Make an invitation for one company.

    Args:
        addresses: where others reach the relay; as it was made, or where it serves just now, when none is given.
        quota: how much to keep for the company, such as 2G.

    Raises:
        BooksError: an address or the quota cannot be used.
        RelayError: no address is known.
    """
    for address in addresses:
        check_address(address)
    if addresses and not home.card.addresses:
        # Everybody hears of it, not only the company that is invited.
        home.rename(RelayCard(home.card.name, tuple(addresses)))
    found = list(addresses) or list(home.card.addresses) or _served_at(folder)
    return home.invite(found, read_size(quota), days, now, os.urandom)


def _served_at(folder: BooksFolder) -> list[str]:
    listening = (ask(folder, STATUS) or {}).get("listening")
    return [listening] if isinstance(listening, str) and can_be_called(listening) else []


# -- serving ----------------------------------------------------------------------------------------------------------


class Service(NamedTuple):
    """How a relay is to serve.

    Attributes:
        listen: the address to listen on.
        keep_days: drop the content of commits that all have acknowledged after so many days; None to keep it for ever.
        metrics: where to answer `/metrics` and `/health`; None for nowhere.
    """

    listen: str
    keep_days: int | None = None
    metrics: str | None = None


def serve_relay(folder: BooksFolder, service: Service, tell: Callable[[Said], None]) -> None:
    """Serve companies until Ctrl-C or SIGTERM.

    Raises:
        BooksError: another process serves this relay.
        Unreachable: the address cannot be listened on, or is none.
    """
    for address in (service.listen, *([service.metrics] if service.metrics else ())):
        parse_address(address)
    with folder.serving():
        home = RelayHome(folder.path, wait_ms=0)
        try:
            trio.run(_serve, home, folder, service, tell)
        finally:
            home.close()


async def _serve(home: RelayHome, folder: BooksFolder, service: Service, tell: Callable[[Said], None]) -> None:
    def said(what: Said) -> None:
        metrics.heard(what)
        tell(what)

    node = RelayNode(home, TlsNetwork(), tell=said)
    metrics = RelayMetrics(node)
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with trio.open_nursery() as nursery:
            await nursery.start(listen, folder, lambda command, _given: _answer(node, command))
            nursery.start_soon(_stop_on_signal, node, signals)
            async with trio.open_nursery() as serving:
                listening = await serving.start(node.serve, service.listen)
                nursery.start_soon(node.keep_reporting)
                if service.keep_days is not None:
                    nursery.start_soon(node.keep_tidy, service.keep_days)
                if service.metrics is not None:
                    at = await nursery.start(serve_pages, service.metrics, partial(_page, node, metrics))
                    said(Said("metrics", at, f"metrics and health at http://{at}/"))
                said(Said("listening", listening, f"relay {home.card.name} listens on {listening}"))
            nursery.cancel_scope.cancel()
    said(Said("stopped", "", "stopped; everything acknowledged is stored"))


def _page(node: RelayNode, metrics: RelayMetrics, path: str) -> Page | None:
    if path == "/metrics":
        return text_page(metrics.page())
    if path == "/health":
        well, found = health(node)
        return json_page(found, "200 OK" if well else "503 Service Unavailable")
    return None


async def _stop_on_signal(node: RelayNode, signals: AsyncIterator[int]) -> None:
    async for _ in signals:
        node.stop()


def _answer(node: RelayNode, command: str) -> Json:
    if command == POKE:
        node.poke()
        return {"connected": len(node.conversations)}
    if command == FORGET:
        node.look_again()
        return {"companies": len(node.copies)}
    if command == STATUS:
        return {"listening": node.listening_at, "peers": node.connected()}
    return {}


# -- what it holds ----------------------------------------------------------------------------------------------------


def relay_standing(home: RelayHome, folder: BooksFolder, now: int) -> Json:
    """What `khata relay status` shows at the relay itself."""
    answer = ask(folder, STATUS) or {}
    connected = {peer["device"] for peer in answer.get("peers", ())}
    card = home.card
    return {
        "relay": card.name,
        "device_id": spell(home.keys.id),
        "addresses": list(card.addresses),
        "serving": bool(answer),
        "listening": answer.get("listening"),
        "invitations": sum(not one.company and one.why_closed(b"", now) is None for one in home.invitations()),
        "companies": [_company(replica, connected) for replica in home.copies],
    }


def _company(replica: Replica, connected: set[str]) -> Json:
    stored = stored_by(replica.store)
    return {
        "company": replica.company.hex()[:16],
        "commits": replica.store.count(),
        "bytes": kept_bytes(replica.store),
        "quota_bytes": quota_of(replica),
        "devices": [_device(replica, peer, connected, stored) for peer in peer_statuses(replica)],
    }


def _device(replica: Replica, peer: PeerStatus, connected: set[str], stored: dict[bytes, int]) -> Json:
    waiting = waiting_for(replica, peer.device)
    return {
        "name": peer.name,
        "branch": peer.branch,
        "device_id": spell(peer.device),
        "connected": peer.device.hex() in connected,
        "last_seen": _instant(peer.seen_at),
        "delivered_until": _instant(peer.in_sync_at),
        "waiting": waiting.commits,
        "waiting_since": _instant(waiting.since),
        "bytes": stored.get(peer.device[:AUTHOR_BYTES], 0),
    }


def _instant(at: int | None) -> str | None:
    return None if at is None else instant(at)


def find_company(home: RelayHome, named: str) -> Replica:
    """The copy of the company whose id begins with some hex digits.

    Raises:
        BooksError: none does, or several do.
    """
    wanted = named.lower().strip()
    found = [one for one in home.copies if wanted and one.company.hex().startswith(wanted)]
    if len(found) != 1:
        held = ", ".join(one.company.hex()[:16] for one in home.copies) or "none"
        raise BooksError(f"{named!r} names no one company that this relay serves; it serves {held}")
    return found[0]


def forget_company(home: RelayHome, folder: BooksFolder, replica: Replica) -> None:
    """Delete what a relay holds of a company, and let a serving process know."""
    home.forget(replica.company)
    ask(folder, FORGET)
