"""What of the books goes into a Tally file: masters as they read, vouchers as they count, each with its GUID.

A GUID is the one under which an import brought the record (of several sources the first by binding). Where there is
none, or another record of the file has it already, it is the document's id, written as a UUID; for the legs of a
transfer the first half of SHA-256 over that id and the leg's name.
"""

import hashlib
import json
import uuid
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec

from crdt_models.document import Document
from crdt_models.masters import (
    KINDS,
    Ledger,
    Master,
    OpeningBill,
    OpeningStock,
    StockItem,
    VoucherType,
    master_id,
)
from crdt_models.money import Amount
from crdt_models.predefined import SUSPENSE
from khata.books import Books
from khata.export.out_file import Step
from khata.export.tally_masters import master_element
from khata.export.tally_names import TallyNames
from khata.export.tally_text import Element, clean
from khata.export.tally_transfers import GoodsMoved
from khata.export.tally_vouchers import Leaving
from khata.locking import counted
from khata.naming import MasterName
from khata.reading import ReadVoucher, read_master, read_voucher, source_identities
from khata.reports.balances import openings
from khata.reports.span import Span
from khata.source_companies import TallyCompany, tally_companies
from khata.transfers.reading import read_transfer
from p2p.scope import master_scope

_AT_ONCE: Final = 500
"""Vouchers read together: what stands in memory, whatever the number of all."""


class LeftOut(NamedTuple):
    """A voucher that no file can hold, and why."""

    id: str
    number: str
    date: str
    reason: str


def own_guid(document: bytes, leg: str = "") -> str:
    """The GUID of a record that no source has named, from its document id."""
    return str(uuid.UUID(bytes=document if not leg else hashlib.sha256(document + leg.encode()).digest()[:16]))


def is_guid(identity: str) -> bool:
    """Whether an identity can stand in a file; those that an import made up from other fields cannot."""
    return bool(identity) and identity.isprintable() and clean(identity) == identity


# -- masters -----------------------------------------------------------------------------------------------------------


def masters(books: Books, names: TallyNames, kind: str, with_openings: bool) -> Iterator[Element]:
    """The masters of one kind, those above others first.

    Args:
        with_openings: whether ledgers and items open with their balances; those are the company's, not a branch's.

    Cost: about 100 µs a master.
    """
    above = names.parents(kind)
    taken: set[str] = set()
    opened = _Openings(books) if with_openings else None
    for found in names.in_order(kind):
        values = _values(books, kind, found)
        master = read_master(kind, values)[0] if values else _absent(books, kind, found)
        if "parent" in KINDS[kind].__struct_fields__ and values:
            parent = above.get(found.local)
            known = books.names.masters(kind)
            master = msgspec.structs.replace(master, parent=None if parent is None else known[parent].document)
        same = names.same(kind, found.local)
        master = _opened(books, opened, kind, found, same, master)
        aliases = dict.fromkeys((*master.aliases, *(merged.name for merged in same)))
        guid = next((one for one in _identities(values) if is_guid(one) and one not in taken), own_guid(found.document))
        taken.add(guid)
        name = names.name(kind, found.document)
        yield master_element(names, master, name, guid, tuple(alias for alias in aliases if clean(alias) != name))


def _values(books: Books, kind: str, found: MasterName) -> dict[str, Any]:
    document = books.replica.document(master_scope(kind), kind, found.document) if found.present else None
    return dict(document.fold().values) if document is not None else {}


def _identities(values: dict[str, Any]) -> list[str]:
    return [identity for _, identity in sorted(source_identities(values).items())]


def _absent(books: Books, kind: str, found: MasterName) -> Master:
    """What stands for a master that has not arrived: a ledger under suspense, anything else under nothing."""
    name = books.names.label(kind, found.local)
    if kind == Ledger.KIND:
        return Ledger(name=name, group=master_id(books.company, "group", SUSPENSE))
    if kind == VoucherType.KIND:
        (base,) = books.db.execute("SELECT min(base) FROM vouchers WHERE type=?", (found.local,)).fetchone()
        return VoucherType(name=name, base=base or "journal")
    if kind == StockItem.KIND:
        row = books.db.execute(
            "SELECT min(u.document) FROM stock_lines s JOIN units u ON u.id=s.unit WHERE s.item=?", (found.local,)
        ).fetchone()
        return StockItem(name=name, unit=row[0])
    return KINDS[kind](name=name)


class _Openings:
    """Which openings count, by local id: of a deleted master only while something posted uses it."""

    def __init__(self, books: Books) -> None:
        self.ledgers = dict(openings(books))
        rows = books.db.execute(
            "SELECT id FROM stock_items i WHERE present AND (NOT deleted OR EXISTS "
            "(SELECT 1 FROM stock_lines s WHERE s.posted=1 AND s.item=i.id))"
        )
        self.items = {local for (local,) in rows}


def _opened(
    books: Books, opened: _Openings | None, kind: str, found: MasterName, same: list[MasterName], master: Master
) -> Master:
    """The master with what it and those merged into it open with."""
    if isinstance(master, Ledger):
        total = 0 if opened is None else sum(opened.ledgers.get(one.local, 0) for one in (found, *same))
        bills: list[OpeningBill] = list(master.opening_bills)
        for one in same:
            bills += getattr(read_master(kind, _values(books, kind, one))[0], "opening_bills", ())
        kept = () if opened is None else tuple(bills)
        return msgspec.structs.replace(master, opening=Amount(total).text, opening_bills=kept)
    if isinstance(master, StockItem):
        stock: list[OpeningStock] = []
        for one in (found, *same):
            if opened is not None and one.local in opened.items:
                item = master if one is found else read_master(kind, _values(books, kind, one))[0]
                stock += getattr(item, "opening", ())
        return msgspec.structs.replace(master, opening=tuple(stock))
    return master


# -- vouchers ----------------------------------------------------------------------------------------------------------


def vouchers(books: Books, span: Span, moved: GoodsMoved, left_out: list[LeftOut], step: Step) -> Iterator[Leaving]:
    """The vouchers of a span, by date, number and id, cancelled and optional ones too.

    Args:
        moved: tells what goods between branches cost, and counts the stock journals that are made of them.
        left_out: receives those that no file can hold.

    Raises:
        BadValue, NotFound: see `Span.condition`.

    Cost: about 60 µs a voucher; memory for `_AT_ONCE` of them, and a few bytes for each of the others.
    """
    condition, values = span.condition(books, "v.date", "v.branch")
    ids = [
        local
        for (local,) in books.db.execute(
            "SELECT v.id FROM vouchers v JOIN scopes s ON s.id=v.scope "
            f"WHERE {condition} ORDER BY v.date, v.number, v.document, s.path, v.leg",
            values,
        )
    ]
    owners = _owners(books)
    for start in range(0, len(ids), _AT_ONCE):
        yield from _read(books, ids[start : start + _AT_ONCE], owners, moved, left_out)
        step(min(start + _AT_ONCE, len(ids)), len(ids))


def _owners(books: Books) -> dict[str, bytes]:
    """For each identity that several vouchers have, as copies of one company make them, the voucher that keeps it."""
    rows = books.db.execute(
        "SELECT x.identity, min(v.document) FROM voucher_sources x JOIN vouchers v ON v.id=x.voucher "
        "GROUP BY x.identity HAVING count(DISTINCT v.document)>1"
    )
    return {identity: bytes(document) for identity, document in rows}


def _read(
    books: Books, ids: list[int], owners: dict[str, bytes], moved: GoodsMoved, left_out: list[LeftOut]
) -> Iterator[Leaving]:
    wanted = (json.dumps(ids),)
    rows = {
        row[0]: row
        for row in books.db.execute(
            "SELECT v.id, v.document, v.leg, v.cancelled, v.number, v.date, s.path, d.kind, d.yjs FROM vouchers v "
            "JOIN documents d ON d.row=abs(v.id) JOIN scopes s ON s.id=v.scope "
            "WHERE v.id IN (SELECT value FROM json_each(?))",
            wanted,
        )
    }
    identities: dict[int, list[str]] = {}
    for voucher, identity in books.db.execute(
        "SELECT voucher, identity FROM voucher_sources WHERE voucher IN (SELECT value FROM json_each(?)) "
        "ORDER BY voucher, binding",
        wanted,
    ):
        identities.setdefault(voucher, []).append(identity)
    for local in ids:
        _, id, leg, cancelled, number, date, path, kind, yjs = rows[local]
        read, reason = _counted(books, Document.from_update(path, kind, bytes(id), yjs), leg)
        if read is None or read.posting is None:
            left_out.append(LeftOut(id.hex(), number, date, reason))
            continue
        known = identities.get(local, [])
        guid = next((one for one in known if is_guid(one) and owners.get(one, id) == id), own_guid(id, leg))
        apart = moved.apart(local, leg, read.posting, read.number)
        yield Leaving(
            guid, bool(known), apart.accounts, read.number, read.reference, read.reference_date, read.narration,
            bool(cancelled), read.optional,
        )  # fmt: skip
        if apart.goods is not None:
            goods = own_guid(id, f"{leg} goods")
            yield Leaving(goods, False, apart.goods, apart.number, read.number, "", read.narration, False, False)


def _counted(books: Books, document: Document, leg: str) -> tuple[ReadVoucher | None, str]:
    """A voucher, or one leg of a transfer, as it counts; None and the reason when no file can hold it."""
    if leg:
        found = read_transfer(document, books.replica.chain).leg(leg)
        read = None if found is None else found.voucher
    else:
        under_locks = counted(document, document.fold(), books.replica.chain, books.replica.locks)
        if under_locks.left_out:
            return None, "it came after its period was locked; `khata lock late` lists it"
        read = read_voucher(under_locks.folded.values)
    if read is None or read.posting is None or not read.sound:
        faults = "; ".join(fault.text for fault in read.faults) if read is not None else ""
        return None, faults or "it cannot be read by this khata"
    lists = any(isinstance(value, list) for value in read.posting.extra.values())
    if not (read.posting.entries or read.posting.stock or read.cancelled or lists):
        return None, "it has no lines"
    return read, ""


# -- where the books came from -----------------------------------------------------------------------------------------


def source_company(books: Books) -> TallyCompany:
    """The Tally company that all imports were of; where it is not one, these books under an id made from theirs."""
    row = books.db.execute("SELECT state FROM companies WHERE present ORDER BY document LIMIT 1").fetchone()
    state = row[0] if row is not None and row[0] else ""
    found = tally_companies(books)
    if len(found) == 1:
        return found[0] if found[0].state else found[0]._replace(state=state)
    return TallyCompany(own_guid(books.company[:16]), books.company_name, state)
