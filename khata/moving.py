"""Whether a posting moves what vouchers of its base type may move, said while the person who enters it is looking.

What each type moves stands in `crdt_models.voucher_types`.
"""

from crdt_models.money import Quantity
from crdt_models.voucher_types import BASE_TYPES, BaseType
from crdt_models.vouchers import Posting, StockLine
from khata.books import Books
from khata.errors import BooksError


def check_moves(posting: Posting, before: Posting | None = None) -> None:
    """Refuse a posting that moves nothing, or stock in a way that its type does not know.

    Args:
        posting: of a known base type, its numbers checked.
        before: the posting that is altered; stock lines that it has already may stay.

    Raises:
        BooksError: the message says what to write instead.
    """
    base = BASE_TYPES[posting.base]
    if not posting.entries and not posting.stock and not (base.lists and posting.extra):
        if base.lists:
            raise BooksError(f'a voucher of {base.name} needs what it lists; give a file with --file and "extra" in it')
        raise BooksError("a voucher needs entries; give --debit and --credit, or a file with --file")
    if not posting.entries and base.posts_accounts:
        raise BooksError("this type of voucher posts to ledgers; give --debit and --credit")
    had = before.stock if before is not None else ()
    for line in posting.stock:
        if line not in had:
            _check_line(base, line)


def check_units(books: Books, posting: Posting, before: Posting | None = None) -> None:
    """Refuse a quantity in another unit than its item is counted in; an item without a unit is counted in any.

    Args:
        before: the posting that is altered; stock lines that it has already may stay.

    Raises:
        BooksError: the message says in which unit to write it.
    """
    had = before.stock if before is not None else ()
    for line in posting.stock:
        if line.unit is None or line in had:
            continue
        row = books.db.execute(
            "SELECT i.id, u.id, u.head, n.id FROM stock_items i JOIN units u ON u.id=i.unit "
            "JOIN units n ON n.document=? WHERE i.document=?",
            (line.unit, line.item),
        ).fetchone()
        # A compound unit counts in its first part.
        if row is None or row[3] == row[2]:
            continue
        item, unit, _, written = row
        if books.names.effective("unit", unit) != books.names.effective("unit", written):
            name, own, other = (
                books.names.label(kind, local)
                for kind, local in (("stock-item", item), ("unit", unit), ("unit", written))
            )
            raise BooksError(
                f"{name} is counted in {own}, not in {other}; give quantity and unit in {own}, and the other as "
                "alternate and alternate_unit"
            )


def _check_line(base: BaseType, line: StockLine) -> None:
    quantity = Quantity.parse(line.quantity).e6
    if base.counts and quantity < 0:
        raise BooksError(f"what was counted cannot be less than nothing, as {line.quantity} is; give what lies there")
    if line.destination is not None and not base.transfers:
        names = ", ".join(other.name for other in BASE_TYPES.values() if other.transfers)
        raise BooksError(
            f"a voucher of {base.name} moves no goods between godowns; leave destination out, or use {names}"
        )
    if line.side == "source" and quantity > 0:
        raise BooksError(f"what leaves its place has a negative quantity; write -{line.quantity} at the source")
    if line.side == "destination" and quantity < 0:
        raise BooksError(f"what arrives has a positive quantity, which {line.quantity} at the destination is not")
