"""One of the two processes: holds one copy, does what it is told on standard input, answers in lines of JSON.

Run as `python -m benchmarks.end FOLDER`. Every request is `{"do": NAME, …}`; every answer is one object.
"""

import argparse
import json
import os
import resource
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from typing import Any

import trio

from benchmarks.company import Placed, save_one_by_one, vouchers
from benchmarks.watching import WatchedNetwork, WatchedNode, now_ns
from crdt_models.packing import Value
from khata.books import Books, Change
from khata.digests import books_digest
from khata.folder import BooksFolder
from khata.reports.trial_balance import trial_balance
from p2p.errors import P2PError

Json = dict[str, Any]
SYNC_SECONDS_MAX = 3600
_BALANCES = 5


class End:
    """One copy at work."""

    def __init__(self, folder: Path, nursery: trio.Nursery) -> None:
        self._folder = BooksFolder(folder)
        self._books = Books.open(self._folder, wait_ms=0)
        self._network = WatchedNetwork()
        self._node = WatchedNode(self._books.replica, self._network)
        self._nursery = nursery
        self._requests: dict[str, Callable[[Json], Awaitable[Json]]] = {
            "serve": self._serve,
            "sync": self._sync,
            "keep-in-touch": self._keep_in_touch,
            "save": self._save,
            "alter": self._alter,
            "enter-live": self._enter_live,
            "seen": self._seen,
            "weigh": self._weigh,
            "probe-disk": self._probe_disk,
            "digest": self._digest,
            "stop": self._stop,
        }

    async def answer(self, request: Json) -> Json:
        """Do what a request says; where it could not be done, the answer is the reason as `error`."""
        try:
            return await self._requests[request["do"]](request)
        except P2PError as error:
            return {"error": str(error)}

    async def _serve(self, _request: Json) -> Json:
        address = await self._nursery.start(self._node.serve, "127.0.0.1:0")
        return {"address": address}

    async def _keep_in_touch(self, request: Json) -> Json:
        agreed = self._node.agreed_again
        self._nursery.start_soon(self._node.serve, None, [request["address"]])
        await agreed.wait()
        self._node.watch_vouchers()
        return {}

    async def _sync(self, request: Json) -> Json:
        """Converse once to the end; times in seconds from dialling, bytes both ways as the socket counts them."""
        node, network = self._node, self._network
        network.follow = request.get("follow", False)
        cpu = _cpu_seconds()
        outcome = await node.sync(request["address"], SYNC_SECONDS_MAX)
        agreed = node.agreement()
        if agreed is None:
            return {"error": outcome.error or "the copies do not agree"}
        result = {
            "seconds": (agreed.at - network.dialled) / 1e9,
            "seconds_after_tls": (agreed.at - network.secured.at) / 1e9,
            "bytes": agreed.bytes,
            "bytes_after_tls": agreed.bytes - network.secured.bytes,
            "received": outcome.received,
            "sent": outcome.sent,
            "cpu_seconds": _cpu_seconds() - cpu,
        }
        followed = network.followed
        if followed is not None:
            result["seconds_after_proof"] = (agreed.at - followed.proved) / 1e9
            result["bytes_after_proof"] = agreed.bytes - network.secured.bytes - followed.proof_bytes
            result["round_trips"] = node.round_trips
        return result

    # -- saving -----------------------------------------------------------------------------------------------------

    async def _save(self, request: Json) -> Json:
        """Save further vouchers, each on its own."""
        save_one_by_one(self._books, vouchers(request["count"], request["seed"]))
        return {}

    async def _alter(self, request: Json) -> Json:
        """Alter the first vouchers by id, each in a commit of its own: the same ones on every copy."""
        books, count = self._books, request["count"]
        rows = books.db.execute(
            "SELECT s.path, v.document FROM vouchers v JOIN scopes s ON s.id=v.scope ORDER BY v.document LIMIT ?",
            (count,),
        ).fetchall()
        with books.replica.transaction():
            for scope, id in rows:
                document = books.replica.document(scope, "voucher", id)
                assert document is not None
                posting = document.fold().values["posting"]
                assert isinstance(posting, dict)
                values: dict[str, Value] = {"posting": {**posting, "place_of_supply": request["supply"]}}
                books.save(scope, [Change("voucher", id, values, document.heads())])
        return {"altered": len(rows)}

    async def _enter_live(self, request: Json) -> Json:
        """Save vouchers one after another as the command line does beside a serving process; when each was durable."""
        other = Books.open(self._folder)
        durable: dict[str, int] = {}
        try:
            for voucher in vouchers(request["count"], request["seed"]):
                durable[voucher.item.document.hex()] = self._enter(other, voucher)
                await trio.sleep(request["pause"])
        finally:
            other.close()
        return {"durable": durable}

    def _enter(self, books: Books, voucher: Placed) -> int:
        books.replica.commit(voucher.scope, [voucher.item], books.now())
        at = now_ns()
        self._node.poke()
        return at

    # -- looking ----------------------------------------------------------------------------------------------------

    async def _seen(self, _request: Json) -> Json:
        return {"seen": self._node.seen}

    async def _weigh(self, _request: Json) -> Json:
        """Sizes of this copy, and how long a trial balance over it takes."""
        db = self._books.db
        (pages,), (page_bytes,) = db.execute("PRAGMA page_count").fetchone(), db.execute("PRAGMA page_size").fetchone()
        (count,) = db.execute("SELECT count(*) FROM vouchers").fetchone()
        times = []
        for _ in range(_BALANCES):
            began = now_ns()
            trial_balance(self._books)
            times.append((now_ns() - began) / 1e9)
        return {
            "vouchers": count,
            "disk_bytes": pages * page_bytes,
            "memory_bytes": _memory_bytes_max(),
            "trial_balance_seconds": median(times),
        }

    async def _probe_disk(self, request: Json) -> Json:
        """How long the disk takes to make one row durable, time and again: nothing that waits for it can be faster."""
        scratch = self._folder.path / "scratch.db"
        db = sqlite3.connect(scratch, isolation_level=None)
        times = []
        try:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=FULL")
            db.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY)")
            for _ in range(request["count"]):
                began = now_ns()
                db.execute("INSERT INTO rows DEFAULT VALUES")
                times.append((now_ns() - began) / 1e9)
                await trio.sleep(request["pause"])
        finally:
            db.close()
            scratch.unlink()
        return {"seconds": times}

    async def _digest(self, _request: Json) -> Json:
        """What two copies that hold the same agree in."""
        return {**books_digest(self._books.replica), "balance": trial_balance(self._books)}

    async def _stop(self, _request: Json) -> Json:
        self._nursery.cancel_scope.cancel()
        return {}

    def close(self) -> None:
        """Close the books."""
        self._books.close()


def _memory_bytes_max() -> int:
    """The most memory this process ever held.

    Linux counts `ru_maxrss` on across exec, so a child of a large process starts with its parent's; VmHWM does not.
    """
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system


async def _work(folder: Path) -> None:
    async with trio.open_nursery() as nursery:
        end = End(folder, nursery)
        try:
            pending = b""
            async with trio.lowlevel.FdStream(os.dup(sys.stdin.fileno())) as stream:
                async for chunk in stream:
                    pending += chunk
                    while b"\n" in pending:
                        line, _, pending = pending.partition(b"\n")
                        print(json.dumps(await end.answer(json.loads(line))), flush=True)
            nursery.cancel_scope.cancel()
        finally:
            end.close()


def main() -> None:
    """Hold one copy until standard input ends."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path)
    trio.run(_work, parser.parse_args().folder)


if __name__ == "__main__":
    main()
