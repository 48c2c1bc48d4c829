"""Many devices in one process: each with its copy and its node, told on standard input what to do.

Run as `python -m benchmarks.crowd FOLDER…`, one folder for each device. Every request is `{"do": NAME, …}`; every
answer is one object. The head office is a crowd of one, with `--tables`.
"""

import argparse
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import trio

from benchmarks.watching import WatchedNetwork, WatchedNode, now_ns
from crdt_models.masters import Ledger, master_id
from khata.books import Books, Change
from khata.projection import BooksProjection
from p2p.conversation import Conversation
from p2p.errors import P2PError
from p2p.founding import COMPANY
from p2p.identity import DeviceKeys
from p2p.messages import SHARE
from p2p.relay_invite import offering, read_relay_ticket_untrusted
from p2p.replica import Replica
from p2p.scope import master_scope
from p2p.store import Store

Json = dict[str, Any]
SECONDS_MAX = 1800


class Device(WatchedNode):
    """A node that notes when it was in sync, and when each commit came.

    Args:
        tables: whether it keeps the tables of the books.
        moved: told when it is in sync, or not any more.
    """

    def __init__(self, folder: Path, tables: bool, moved: Callable[[], None]) -> None:
        keys, store = DeviceKeys.load(folder / "device.key"), Store.open(folder / "khata.db", wait_ms=0)
        company = store.meta(COMPANY)
        assert company is not None
        super().__init__(Replica(store, keys, company, BooksProjection() if tables else None), WatchedNetwork())
        self._moved = moved
        self._row = store.next_row() - 1
        self.came: dict[str, int] = {}
        self.in_sync_since = 0

    def sync_changed(self, conversation: Conversation, in_sync: bool) -> None:
        """Note when both were proved to agree."""
        super().sync_changed(conversation, in_sync)
        self.in_sync_since = now_ns() if in_sync else 0
        self._moved()

    def wrote(self, replica: Replica) -> None:
        """Note what is durable here now."""
        at = now_ns()
        for row, _, commit_id, _ in self.replica.store.since(self._row):
            self.came[commit_id.hex()] = at
            self._row = row
        super().wrote(replica)


class Crowd:
    """The devices of this process at work."""

    def __init__(self, folders: list[Path], tables: bool, nursery: trio.Nursery) -> None:
        self._nursery = nursery
        self._moved = trio.Event()
        self._devices = [Device(folder, tables, self._on_move) for folder in folders]
        self._scopes: dict[int, trio.CancelScope] = {}
        self._requests: dict[str, Callable[[Json], Awaitable[Json]]] = {
            "show": self._show,
            "connect": self._connect,
            "settle": self._settle,
            "leave": self._leave,
            "visit": self._visit,
            "enter": self._enter,
            "came": self._came,
        }

    def _on_move(self) -> None:
        self._moved.set()
        self._moved = trio.Event()

    async def _moves(self, seconds: float) -> None:
        with trio.move_on_after(seconds):
            await self._moved.wait()

    async def answer(self, request: Json) -> Json:
        """Do what a request says; where it could not be done, the answer is the reason as `error`."""
        try:
            return await self._requests[request["do"]](request)
        except (P2PError, trio.TooSlowError) as error:
            return {"error": str(error) or "not in sync in time"}

    async def _show(self, request: Json) -> Json:
        """Show the company to a relay that has given out an invitation."""
        (office,) = self._devices
        ticket = read_relay_ticket_untrusted(request["ticket"])
        replica = office.replica
        join = offering(ticket, office.keys, "Head Office", replica.company, replica.chain_head())
        outcome = await office.sync(request["address"], SECONDS_MAX, join, ticket.device)
        return {} if outcome.in_sync else {"error": outcome.error}

    async def _connect(self, request: Json) -> Json:
        """Let every device serve, and call the relay; when it began."""
        for number, device in enumerate(self._devices):
            self._scopes[number] = trio.CancelScope()
            device.in_sync_since = 0
            self._nursery.start_soon(self._serve, number, device, request["address"])
        return {"began": now_ns()}

    async def _serve(self, number: int, device: Device, address: str) -> None:
        with self._scopes[number]:
            await device.serve(None, [address])

    async def _settle(self, request: Json) -> Json:
        """Wait until every device is in sync and holds what it should; when the last of them was, and what passed."""
        with trio.fail_after(SECONDS_MAX):
            while not all(self._is_settled(device, request) for device in self._devices):
                await self._moves(0.2)
        traffic = [one.traffic for device in self._devices for one in device.conversations]
        return {
            "at": max(device.in_sync_since for device in self._devices),
            "received": sum(one.received for one in traffic),
            "sent": sum(one.sent for one in traffic),
            "commits": sum(device.replica.store.count() for device in self._devices),
        }

    def _is_settled(self, device: Device, request: Json) -> bool:
        replica = device.replica
        (talk,) = device.conversations or (None,)
        if not device.in_sync_since or talk is None or talk.session.peer is None or not talk.session.in_sync:
            return False
        rules = replica.store.scopes().get("control/rules")
        vouchers = replica.view(SHARE, talk.session.peer).digest("vouchers").size
        return rules is not None and rules.size >= request["rules"] and vouchers >= request["vouchers"]

    async def _leave(self, request: Json) -> Json:
        """Let some devices go offline."""
        for number in request["numbers"]:
            self._devices[number].stop()
        with trio.fail_after(30):
            while any(self._devices[number].conversations for number in request["numbers"]):
                await self._moves(0.01)
        return {}

    async def _visit(self, request: Json) -> Json:
        """Let a device that left dial again, with nothing new on either side; what that took from its proof on."""
        device = self._devices[request["number"]]
        network = device.watched_network
        network.follow = True
        outcome = await device.sync(request["address"], 60)
        agreed, followed = device.agreement(), network.followed
        if agreed is None or followed is None:
            return {"error": outcome.error or "the two do not agree"}
        return {
            "seconds_after_proof": (agreed.at - followed.proved) / 1e9,
            "bytes_after_proof": agreed.bytes - network.secured.bytes - followed.proof_bytes,
            "round_trips": device.round_trips,
        }

    async def _enter(self, request: Json) -> Json:
        """Enter a ledger in the books of this device while it serves; its commit, and when it was durable."""
        (office,) = self._devices
        books = Books(office.replica, "asha")
        group = master_id(books.company, "group", "Sundry Debtors")
        name = request["name"]
        ledger = Ledger(name=name, group=group)
        change = Change(Ledger.KIND, master_id(books.company, Ledger.KIND, name), ledger.registers())
        (commit,) = books.save(master_scope(Ledger.KIND), [change])
        at = now_ns()
        office.poke()
        return {"commit": commit.id.hex(), "at": at}

    async def _came(self, request: Json) -> Json:
        """When a commit came to each device."""
        commit = request["commit"]
        with trio.fail_after(60):
            while not all(commit in device.came for device in self._devices):
                await self._moves(0.01)
        return {"at": [device.came[commit] for device in self._devices]}

    def close(self) -> None:
        """Close the files."""
        for device in self._devices:
            device.replica.store.close()


async def _work(folders: list[Path], tables: bool) -> None:
    async with trio.open_nursery() as nursery:
        crowd = Crowd(folders, tables, nursery)
        try:
            pending = b""
            async with trio.lowlevel.FdStream(os.dup(sys.stdin.fileno())) as stream:
                async for chunk in stream:
                    pending += chunk
                    while b"\n" in pending:
                        line, _, pending = pending.partition(b"\n")
                        print(json.dumps(await crowd.answer(json.loads(line))), flush=True)
            nursery.cancel_scope.cancel()
        finally:
            crowd.close()


def main() -> None:
    """Hold some copies until standard input ends."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--tables", action="store_true", help="keep the tables of the books, as people's copies do")
    options = parser.parse_args()
    trio.run(_work, options.folders, options.tables)


if __name__ == "__main__":
    main()
