"""What vouchers do to balances, by ledger: the amounts that are at stake when something is wrong with them."""

from collections.abc import Iterable, Mapping

from crdt_models.errors import BadValue
from crdt_models.packing import Value
from crdt_models.vouchers import Posting, posting_from
from khata.books import Books
from khata.naming import Names
from khata.problem import Effect
from khata.reading import exact_e4


def of_vouchers(books: Books, vouchers: Iterable[int], sign: int = 1) -> Effect:
    """What these vouchers add to the balance of each ledger, counted or not.

    Args:
        vouchers: local ids in the table `vouchers`.
        sign: -1 for what their absence would change.
    """
    change: dict[str, int] = {}
    for voucher in sorted(set(vouchers)):
        rows = books.db.execute("SELECT ledger, amount_e4 FROM entries WHERE voucher=?", (voucher,))
        for ledger, amount in rows.fetchall():
            label = books.names.label("ledger", ledger)
            change[label] = change.get(label, 0) + sign * amount
    return _sorted(change)


def between(names: Names, before: Value, after: Value) -> Effect:
    """What balances change by when one posting takes the place of another.

    Args:
        before, after: register values of any origin; what is no posting moves nothing.
    """
    change = _moves(names, after)
    for ledger, amount in _moves(names, before).items():
        change[ledger] = change.get(ledger, 0) - amount
    return _sorted(change)


def of_posting(names: Names, value: Value, sign: int = 1) -> Effect:
    """What one posting adds to the balance of each ledger."""
    return _sorted({ledger: sign * amount for ledger, amount in _moves(names, value).items()})


def _moves(names: Names, value: Value) -> dict[str, int]:
    posting = _posting(value)
    moved: dict[str, int] = {}
    for entry in posting.entries if posting is not None else ():
        ledger = names.spelled("ledger", entry.ledger)
        moved[ledger] = moved.get(ledger, 0) + (exact_e4(entry.amount) or 0)
    return moved


def _posting(value: Value) -> Posting | None:
    try:
        return posting_from(value)
    except BadValue:
        return None


def _sorted(change: Mapping[str, int]) -> Effect:
    return tuple(sorted((ledger, amount) for ledger, amount in change.items() if amount))
