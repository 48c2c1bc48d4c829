"""The floor: the commits of a store taken into an empty copy in memory, with no network and no disk to wait for."""

import argparse
import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from khata.books import Books, with_tables
from khata.folder import BooksFolder
from khata.projection import BooksProjection
from p2p.identity import DeviceKeys
from p2p.messages import CommitParts
from p2p.outflow import BATCH_BYTES, BATCH_COMMITS_MAX
from p2p.reconcile import sending_order
from p2p.replica import Replica
from p2p.store import Store


def batches(office: Books) -> Iterator[list[CommitParts]]:
    """All commits of a store, cut as the session sends them: what `control` holds, which opens the rest, by itself."""
    scopes = sending_order(office.replica.store.scopes())
    for control in (True, False):
        yield from _cut(office, [scope for scope in scopes if scope.startswith("control/") is control])


def _cut(office: Books, scopes: Iterable[str]) -> Iterator[list[CommitParts]]:
    batch: list[CommitParts] = []
    size = 0
    for scope in scopes:
        after: int | None = 0
        while after is not None:
            page = office.replica.page(scope, after, BATCH_COMMITS_MAX)
            for commit in page.commits:
                batch.append(commit)
                size += sum(len(part or b"") for part in commit)
                if len(batch) == BATCH_COMMITS_MAX or size >= BATCH_BYTES:
                    yield batch
                    batch, size = [], 0
            after = page.last
    yield batch


def empty_copy(folder: Path, office: Books) -> Replica:
    """A copy of the branch in this folder, in memory, that knows the control chain and nothing else."""
    store = with_tables(Store.open(Path(":memory:")))
    store.conn.execute("PRAGMA synchronous=OFF")
    keys = DeviceKeys.load(BooksFolder(folder).key_file)
    replica = Replica(store, keys, office.company, BooksProjection())
    replica.extend_chain(office.replica.chain_entries(-1))
    return replica


def main() -> None:
    """Verify, open, merge and write to tables all commits of the office, as fast as one thread can."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path, help="with an office and a branch in it")
    folder = parser.parse_args().folder
    office = Books.open(BooksFolder(folder / "office"))
    replica = empty_copy(folder / "branch", office)
    waiting = list(batches(office))
    peer, now = office.replica.keys.id, office.now()
    began = time.perf_counter()
    for batch in waiting:
        replica.ingest_from(replica.check_untrusted(batch), peer, None, now)
    seconds = time.perf_counter() - began
    (count,) = replica.db.execute("SELECT count(*) FROM vouchers").fetchone()
    print(json.dumps({"vouchers": count, "seconds": seconds}))
    office.close()


if __name__ == "__main__":
    main()
