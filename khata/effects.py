"""What vouchers do to balances, by ledger: the amounts that are at stake when something is wrong with them."""

from collections.abc import Iterable, Mapping
from typing import Final

from crdt_models.errors import BadValue
from crdt_models.packing import Value
from crdt_models.voucher_types import BASE_TYPES
from crdt_models.vouchers import Posting, posting_from
from khata.books import Books
from khata.errors import Ambiguous
from khata.naming import MasterName, Names, missing_label
from khata.problem import Effect
from khata.reading import ReadVoucher, exact_e4

_ID_DIGITS: Final = 8


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
            label = ledger_label(books.names, ledger)
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


def of_change(names: Names, before: Iterable[ReadVoucher], after: Iterable[ReadVoucher]) -> Effect:
    """What balances truly change by when these vouchers take the place of those: only what counts moves anything."""
    change: dict[str, int] = {}
    for vouchers, sign in ((before, -1), (after, 1)):
        for read in vouchers:
            if _counts(read):
                for ledger, amount in _moved(names, read.posting).items():
                    change[ledger] = change.get(ledger, 0) + sign * amount
    return _sorted(change)


def _counts(read: ReadVoucher) -> bool:
    base = BASE_TYPES.get(read.posting.base) if read.posting is not None else None
    return read.sound and not read.cancelled and not read.optional and base is not None and base.posts_accounts


def ledger_label(names: Names, local: int | None) -> str:
    """What a ledger is called where balances are told: its name, with the first digits of its id where two have it.

    Args:
        local: its local id.
    """
    label = names.label("ledger", local)
    if local is None:
        return label
    shown = names.masters("ledger")[names.effective("ledger", local)]
    return f"{label} ({shown.document.hex()[:_ID_DIGITS]})" if _shares_name(names, shown) else label


def _shares_name(names: Names, ledger: MasterName) -> bool:
    if not ledger.name or not ledger.live:
        return False
    try:
        names.find("ledger", ledger.name)
    except Ambiguous:
        return True
    return False


def _moves(names: Names, value: Value) -> dict[str, int]:
    return _moved(names, _posting(value))


def _moved(names: Names, posting: Posting | None) -> dict[str, int]:
    moved: dict[str, int] = {}
    for entry in posting.entries if posting is not None else ():
        ledger = _spelled(names, entry.ledger)
        moved[ledger] = moved.get(ledger, 0) + (exact_e4(entry.amount) or 0)
    return moved


def _spelled(names: Names, document: bytes) -> str:
    """A ledger of a posting of any origin in words; one that is not here by the first digits of its id."""
    found = names.by_document("ledger", document)
    return missing_label("ledger", document) if found is None else ledger_label(names, found.local)


def _posting(value: Value) -> Posting | None:
    try:
        return posting_from(value)
    except BadValue:
        return None


def _sorted(change: Mapping[str, int]) -> Effect:
    return tuple(sorted((ledger, amount) for ledger, amount in change.items() if amount))
