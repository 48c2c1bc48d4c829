"""The check of a voucher's tax where it is entered: what is surely wrong is refused, with what would be right."""

from collections.abc import Iterator
from typing import Final

import msgspec

from crdt_models.money import Quantity, e4_of
from crdt_models.vouchers import Posting
from khata.books import Books
from khata.errors import BooksError
from khata.gst.faults import faults_of
from khata.gst.supplies import BASES, EntryLine, Header, ItemLine, Supplies, Supply

AS_ENTERED: Final = "gst_as_entered"
"""The field of a posting's `extra` that keeps a tax as it was entered, whatever the rates call for."""


def check_gst(books: Books, posting: Posting, branch: str, before: Posting | None = None) -> None:
    """Refuse a posting whose tax is surely wrong.

    Args:
        posting: balanced and checked otherwise.
        branch: the code of the branch in whose books it stands.
        before: the posting that is altered; where nothing of it that GST asks about changes, it may stay as it is.

    Raises:
        BooksError: the split does not match the place of supply, or the tax does not match the rates.

    Cost: one scan of ledgers and groups, for sales, purchases and notes of a company that is registered.
    """
    if posting.base not in BASES or posting.extra.get(AS_ENTERED):
        return
    if before is not None and _asked(before) == _asked(posting):
        return
    supply = supply_of(Supplies(books), posting, branch)
    if supply is None:
        return
    for fault in faults_of(supply):
        if fault.sure:
            raise BooksError(
                f"the GST of this voucher is wrong: {fault.text}; correct it, or say --as-entered to keep it as it is"
            )


def kept_as_entered(posting: Posting) -> Posting:
    """The posting, marked so that its tax is not checked; the mark is saved with it and stands in its history."""
    return msgspec.structs.replace(posting, extra={**posting.extra, AS_ENTERED: True})


def _asked(posting: Posting) -> tuple[object, ...]:
    return (
        posting.base, posting.date, posting.party, posting.place_of_supply, posting.party_gstin, posting.entries,
        posting.stock,
    )  # fmt: skip


def supply_of(supplies: Supplies, posting: Posting, branch: str) -> Supply | None:
    """A posting read as a supply; None where it refers to a ledger, an item or a unit that is not here."""
    found = {(kind, id): supplies.books.names.by_document(kind, id) for kind, id in _references(posting)}
    here = {key: name.local for key, name in found.items() if name is not None}
    if len(here) < len(found):
        return None
    header = Header(
        0, b"", "", posting.date, posting.base, None,
        None if posting.party is None else here["ledger", posting.party], branch, posting.place_of_supply,
        posting.party_gstin,
    )  # fmt: skip
    entries = [
        EntryLine(here["ledger", entry.ledger], e4_of(entry.amount), entry.gst_rate) for entry in posting.entries
    ]
    items = [
        ItemLine(
            here["stock-item", line.item], None if line.ledger is None else here["ledger", line.ledger],
            e4_of(line.amount), Quantity.parse(line.billed or line.quantity).e6,
            None if line.unit is None else here["unit", line.unit],
        )
        for line in posting.stock
        if e4_of(line.amount)
    ]  # fmt: skip
    return supplies.read(header, entries, items)


def _references(posting: Posting) -> Iterator[tuple[str, bytes]]:
    if posting.party is not None:
        yield "ledger", posting.party
    for entry in posting.entries:
        yield "ledger", entry.ledger
    for line in posting.stock:
        yield "stock-item", line.item
        if line.ledger is not None:
            yield "ledger", line.ledger
        if line.unit is not None:
            yield "unit", line.unit
