"""Imports and locked periods: what is dated in one is left out and named, because it would be kept out of the books."""

from typing import Final

from crdt_models.voucher_types import BASE_TYPES
from khata.books import Books
from khata.open_periods import date_in_books, locked_until
from khata.tally.plan import Finding, Plan, PlannedSave
from p2p.scope import voucher_scope
from p2p.store import prefix_of

LOCKED: Final = "locked-period"
"""The code of the finding that names the vouchers left out."""

_SHOWN: Final = 3


def leave_out_locked(books: Books, planned: Plan) -> None:
    """Take the vouchers that belong to a locked period out of a plan, and say which.

    Cost: nothing where nothing is locked; about 20 µs a voucher where something is.
    """
    if not books.replica.chain.locks:
        return
    known: dict[str, str] = {}

    def is_locked(save: PlannedSave) -> bool:
        scope, before = _standing(books, planned.branch, save)
        if scope not in known:
            known[scope] = locked_until(books, scope)
        return any(date and date <= known[scope] for date in (before, save.date))

    found = planned.leave_out(is_locked)
    if found:
        planned.findings.append(Finding(LOCKED, "", _text(found, max(known.values()))))


def locked_json(planned: Plan) -> list[dict[str, str]]:
    """Every voucher left out for its date, by date, as `import --json` lists them."""
    found = sorted(
        (save.date, str(save.changes.get("number", "")), save.base, save.id.hex()) for save in planned.locked
    )
    return [{"date": date, "number": number, "type": base, "id": id} for date, number, base, id in found]


def _standing(books: Books, branch: str, save: PlannedSave) -> tuple[str, str]:
    """The scope a voucher lies or will lie in, and the day under which it counts now; empty for a new one."""
    if save.new:
        return voucher_scope(branch, save.base, save.date), ""
    row = books.db.execute(
        "SELECT v.id, s.path FROM documents d JOIN vouchers v ON v.id=d.row JOIN scopes s ON s.id=d.scope "
        "WHERE d.prefix=? AND d.id=? ORDER BY s.path",
        (prefix_of(save.id), save.id),
    ).fetchone()
    return (voucher_scope(branch, save.base, save.date), "") if row is None else (row[1], date_in_books(books, row[0]))


def _text(found: list[PlannedSave], until: str) -> str:
    dated = sorted((save.date, str(save.changes.get("number", "")), BASE_TYPES[save.base].name) for save in found)
    shown = ", ".join(f"{type} {number or 'without number'} of {date}" for date, number, type in dated[:_SHOWN])
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    count = "1 voucher is" if len(found) == 1 else f"{len(found)} vouchers are"
    return (
        f"{count} dated in a period that is locked up to {until} and left out: {shown}{more}; have it unlocked with "
        "`khata lock remove` and import again"
    )
