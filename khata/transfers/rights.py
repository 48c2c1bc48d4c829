"""Documents as they show to people: of a transfer only what was set by those who may, and by whom more may be set."""

from crdt_models.document import Document
from crdt_models.folding import Folded
from crdt_models.transfers import DISPATCH, KIND, RECEIPT, may_write
from khata.books import Books
from khata.errors import BooksError
from khata.locking import counted
from khata.transfers.accounts import branch_name
from khata.transfers.reading import fold, read_transfer


def folded(books: Books, document: Document) -> Folded:
    """What shows of a document of any kind."""
    if document.kind == KIND:
        return fold(document, books.replica.chain).folded
    return document.fold()


def shown_as_voucher(books: Books, document: Document, voucher: int) -> Folded:
    """What shows of a voucher, or of one leg of a transfer as if it were a voucher.

    Args:
        voucher: its local id in `vouchers`.
    """
    shows = folded(books, document)
    if document.kind != KIND:
        return shows
    leg = shows.values.get(RECEIPT if voucher < 0 else DISPATCH)
    return shows._replace(values=leg if isinstance(leg, dict) else {})


def as_it_counts(books: Books, document: Document, voucher: int) -> Folded:
    """What counts of a voucher, or of one leg of a transfer: without what locked periods keep out, unless that is all.

    Args:
        voucher: its local id in `vouchers`.
    """
    chain, locks = books.replica.chain, books.replica.locks
    if document.kind != KIND:
        return counted(document, document.fold(), chain, locks).folded
    register = RECEIPT if voucher < 0 else DISPATCH
    shows = shown_as_voucher(books, document, voucher)
    leg = read_transfer(document, chain, locks).leg(register)
    return shows if leg is None else shows._replace(values=leg.value)


def check_no_leg(books: Books, voucher: int) -> None:
    """Refuse to treat a leg of a transfer as a voucher of its own.

    Args:
        voucher: its local id in `vouchers`.

    Raises:
        BooksError: it is a leg.
    """
    number, leg, document = books.db.execute(
        "SELECT number, leg, document FROM vouchers WHERE id=?", (voucher,)
    ).fetchone()
    if leg:
        id = bytes(document).hex()
        raise BooksError(
            f"{number} is the {leg} of a transfer; use `khata transfer alter {id}` or `khata transfer cancel {id}`"
        )


def check_may_set(books: Books, document: Document, register: str) -> None:
    """Refuse to set a register of a transfer that belongs to another branch: it would be passed over everywhere.

    Raises:
        BooksError: this device may not.
    """
    if document.kind != KIND:
        return
    route = fold(document, books.replica.chain).route
    own = books.member.branch
    if route is None or not may_write(register, own, route):
        owner = branch_name(books, route.branch(register)) if route is not None else "its sender"
        raise BooksError(
            f"the {register} of a transfer is set by {owner} alone, and this device is of {branch_name(books, own)}; "
            "have it settled there"
        )
