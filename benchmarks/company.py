"""The books that are measured: a company whose vouchers were saved one by one or imported, and an empty branch."""

import argparse
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.agreeing import agree
from crdt_models.masters import CostCentre, Ledger, Master, VoucherType, master_id
from crdt_models.predefined import PRIMARY_COST_CATEGORY
from crdt_models.saves import unpack_save_untrusted
from khata.beginning import found_books, joining_books
from khata.books import Books, Change
from khata.folder import BooksFolder
from p2p.chain import READ_DEFAULT, WRITE_DEFAULT, BranchAdded
from p2p.chain_members import Grant
from p2p.commit import Item
from p2p.founding import admit_device, append
from p2p.grants import EVERYTHING
from p2p.packed import split_items
from p2p.scope import master_scope, voucher_scope
from tools.sample_saves import Samples

BRANCH = "ho"
TOGETHER = 256
"""So many lone commits are made durable at once; they are the same commits as if each had been waited for."""
_NOBODY = bytes(16)


class Placed(NamedTuple):
    """A voucher and the scope it belongs in."""

    scope: str
    date: str
    item: Item


def vouchers(count: int, seed: int) -> list[Placed]:
    """Invented vouchers of one business, in the order of their dates, as they are entered; the same for one seed."""
    samples = Samples(seed)
    placed = [_place(samples.voucher()) for _ in range(count)]
    return sorted(placed, key=lambda voucher: voucher.date)


def posting_of(item: Item) -> dict[str, Any]:
    """What a voucher posts, as it stands in its save."""
    posting = unpack_save_untrusted(_NOBODY, b"", 0, item.save).values["posting"]
    assert isinstance(posting, dict)
    return posting


def _place(item: Item) -> Placed:
    posting = posting_of(item)
    return Placed(voucher_scope(BRANCH, posting["base"], posting["date"]), posting["date"], item)


def make_office(folder: Path, count: int, seed: int, bulk: bool) -> Books:
    """Found a company that holds the vouchers and every master that they name."""
    books = found_books(BooksFolder(folder), "Sharma Traders", "Head Office", "HO", "asha").books
    placed = vouchers(count, seed)
    save_masters(books, placed)
    if bulk:
        save_in_bulk(books, placed)
    else:
        save_one_by_one(books, placed)
    return books


def save_one_by_one(books: Books, placed: Iterable[Placed]) -> None:
    """One commit for each voucher."""
    for group in _groups(placed):
        with books.replica.transaction():
            for voucher in group:
                books.replica.commit(voucher.scope, [voucher.item], books.now())


def _groups(placed: Iterable[Placed]) -> Iterator[list[Placed]]:
    group: list[Placed] = []
    for voucher in placed:
        group.append(voucher)
        if len(group) == TOGETHER:
            yield group
            group = []
    yield group


def save_in_bulk(books: Books, placed: Iterable[Placed]) -> None:
    """Commits of up to 256 vouchers, as an import makes them."""
    by_scope: dict[str, list[Item]] = {}
    for voucher in placed:
        by_scope.setdefault(voucher.scope, []).append(voucher.item)
    for scope, items in by_scope.items():
        for batch in split_items(items):
            books.replica.commit(scope, batch, books.now())


def save_masters(books: Books, placed: Iterable[Placed]) -> None:
    """Save every master that some vouchers name."""
    group = master_id(books.company, "group", "Sundry Debtors")
    category = master_id(books.company, "cost-category", PRIMARY_COST_CATEGORY)
    masters: dict[bytes, Master] = {}
    for voucher in placed:
        posting = posting_of(voucher.item)
        number = len(masters)
        masters.setdefault(posting["type"], VoucherType(name=f"{posting['base']} {number}", base=posting["base"]))
        for entry in posting["entries"]:
            masters.setdefault(entry["ledger"], Ledger(name=f"Ledger {len(masters)}", group=group))
            for cost in entry.get("costs", ()):
                masters.setdefault(cost["centre"], CostCentre(name=f"Centre {len(masters)}", category=category))
    by_kind: dict[str, list[Change]] = {}
    for id, master in masters.items():
        by_kind.setdefault(master.KIND, []).append(Change(master.KIND, id, master.registers()))
    for kind, changes in by_kind.items():
        books.save(master_scope(kind), changes)


def admit_branch(office: Books, folder: Path) -> None:
    """Make the empty copy of a branch that was just admitted: what it knows is who belongs to the company, its keys
    and the rule that all of it flows."""
    branch = joining_books(BooksFolder(folder), office.company, "ravi")
    append(office.replica, BranchAdded(time=office.now(), code="pun", name="Pune"))
    keys = (branch.replica.keys.public, branch.replica.keys.seal_public)
    grant = Grant(READ_DEFAULT, WRITE_DEFAULT)
    admit_device(office.replica, keys, "Pune", "pun", "PUN", grant, office.now())
    agree(office.replica, branch.replica, EVERYTHING, office.now())
    branch.close()


def main() -> None:
    """Make both copies, in a process of its own: what it takes to make them must not count as what it takes to sync."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--vouchers", type=int, required=True)
    parser.add_argument("--bulk", action="store_true")
    options = parser.parse_args()
    office = make_office(options.folder / "office", options.vouchers, 1, options.bulk)
    admit_branch(office, options.folder / "branch")
    print(json.dumps({"commits": office.replica.store.count()}))
    office.close()


if __name__ == "__main__":
    main()
