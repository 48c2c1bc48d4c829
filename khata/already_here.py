"""What an import is about to bring a second time: new vouchers that the books hold already, from somewhere else.

The same export imported at two branches is two sources, and so twice the vouchers. Naming one source at both makes them
one; only a person can tell, so the import asks before it writes.
"""

import json
import shlex
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from crdt_models.masters import SOURCE
from crdt_models.vouchers import KIND as VOUCHER
from crdt_models.vouchers import posting_from, totals
from khata.books import Books
from khata.sources import source_in_words
from khata.sums import joined, sum_sql
from khata.tally.plan import Finding, Plan, PlannedSave
from p2p.store import prefix_of

ALREADY_HERE: Final = "already-here"
"""The code of the finding that asks for `--anyway` or `--source`."""

_SHOWN: Final = 3


class _Wanted(NamedTuple):
    """A voucher that an import would make."""

    binding: str
    identity: str
    number: str
    type: bytes
    date: str
    base: str
    amount: int


class _Twin(NamedTuple):
    """A voucher that is here."""

    type: int | None
    date: str
    base: str
    amount: int
    bindings: tuple[str, ...]


class Double(NamedTuple):
    """A planned voucher and the binding its twin came by; empty for one that was entered."""

    number: str
    type: str
    date: str
    binding: str


def note_doubles(books: Books, planned: Plan) -> None:
    """Add a finding for each source from which the books hold vouchers already that the plan would make anew.

    Cost: nothing in books without vouchers; in others up to 100 µs a planned one.
    """
    if books.db.execute("SELECT 1 FROM vouchers LIMIT 1").fetchone() is None:
        return
    by_binding: dict[str, list[Double]] = {}
    new = 0
    known = _Known(books)
    for batch in planned.batches():
        wanted = [one for save in batch if (one := _wanted(save)) is not None]
        new += len(wanted)
        for double in _doubles(books, known, wanted):
            by_binding.setdefault(double.binding, []).append(double)
    for binding, doubles in sorted(by_binding.items()):
        planned.findings.append(Finding(ALREADY_HERE, "", _text(books, binding, doubles, new), asks=True))


def _wanted(save: PlannedSave) -> _Wanted | None:
    source = save.changes.get(SOURCE + save.binding)
    if save.kind != VOUCHER or not save.new or save.changes.get("cancelled") is True or not isinstance(source, dict):
        return None
    posting = posting_from(save.changes.get("posting"))
    debit, _ = totals([posting])
    number = str(save.changes.get("number", ""))
    return _Wanted(save.binding, str(source["guid"]), number, posting.type, save.date, save.base, debit.e4)


class _Known:
    """What sources call the vouchers that are here; read once, when it is first asked for."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._by_identity: dict[str, list[int]] | None = None

    def of_identity(self, identity: str) -> list[int]:
        """The local ids of the vouchers that some source knows under this identity."""
        if self._by_identity is None:
            self._by_identity = {}
            for voucher, known in self._books.db.execute("SELECT voucher, identity FROM voucher_sources"):
                self._by_identity.setdefault(known, []).append(voucher)
        return self._by_identity.get(identity, [])


def _doubles(books: Books, known: _Known, wanted: list[_Wanted]) -> Iterator[Double]:
    """Of some planned vouchers those that agree with one from elsewhere in type, date, amount, and number or GUID."""
    candidates = _by_number(books, wanted)
    for at, one in enumerate(wanted):
        candidates.setdefault(at, set()).update(known.of_identity(one.identity), _by_own_id(books, one.identity))
    twins = _read(books, set().union(*candidates.values()))
    for at, one in enumerate(wanted):
        found = [twins[local] for local in sorted(candidates[at]) if local in twins]
        twin = next((twin for twin in found if _is_double(books, twin, one)), None)
        if twin is not None:
            name = books.names.label("voucher-type", twin.type)
            yield Double(one.number, name, one.date, min(twin.bindings, default=""))


def _by_number(books: Books, wanted: list[_Wanted]) -> dict[int, set[int]]:
    asked = json.dumps([[at, one.number, one.date, one.base] for at, one in enumerate(wanted) if one.number])
    found: dict[int, set[int]] = {}
    # The plus keeps SQLite from looking vouchers up by date, of which a day has many.
    for at, local in books.db.execute(
        "SELECT json_extract(j.value, '$[0]'), v.id FROM json_each(?) j "
        "CROSS JOIN vouchers v ON v.number=json_extract(j.value, '$[1]') "
        "WHERE +v.date=json_extract(j.value, '$[2]') AND v.base=json_extract(j.value, '$[3]')",
        (asked,),
    ):
        found.setdefault(at, set()).add(local)
    return found


def _by_own_id(books: Books, identity: str) -> list[int]:
    """The voucher whose id an export of khata wrote as this GUID."""
    try:
        document = uuid.UUID(identity).bytes
    except ValueError:
        return []
    rows = books.db.execute("SELECT row FROM documents WHERE prefix=? AND id=?", (prefix_of(document), document))
    return [row for (row,) in rows]


def _read(books: Books, locals_: set[int]) -> dict[int, _Twin]:
    """Live vouchers by local id."""
    asked = (json.dumps(sorted(locals_)),)
    among = "IN (SELECT value FROM json_each(?))"
    rows: list[tuple[Any, ...]] = books.db.execute(
        f"SELECT id, type, date, base FROM vouchers WHERE id {among} AND cancelled=0 AND leg=''", asked
    ).fetchall()
    debits = {
        voucher: joined(quotients, remainders)
        for voucher, quotients, remainders in books.db.execute(
            f"SELECT voucher, {sum_sql('max(amount_e4, 0)')} FROM entries WHERE voucher {among} GROUP BY voucher", asked
        )
    }
    bindings: dict[int, list[str]] = {}
    for voucher, binding in books.db.execute(
        f"SELECT voucher, binding FROM voucher_sources WHERE voucher {among}", asked
    ):
        bindings.setdefault(voucher, []).append(binding)
    return {
        local: _Twin(kind, date, base, debits.get(local, 0), tuple(bindings.get(local, ())))
        for local, kind, date, base in rows
    }


def _is_double(books: Books, twin: _Twin, wanted: _Wanted) -> bool:
    same = (twin.date, twin.base, twin.amount) == (wanted.date, wanted.base, wanted.amount)
    return same and wanted.binding not in twin.bindings and _is_type(books, twin.type, wanted.type)


def _is_type(books: Books, local: int | None, document: bytes) -> bool:
    if local is None:
        return False
    masters: Mapping[int, Any] = books.names.masters("voucher-type")
    found = books.names.by_document("voucher-type", document)
    other = local if found is None else found.local
    return bool(
        masters[local].document == document
        or books.names.effective("voucher-type", local) == books.names.effective("voucher-type", other) == other
    )


def _text(books: Books, binding: str, doubles: list[Double], new: int) -> str:
    shown = ", ".join(f"{one.type} {one.number or 'without number'} of {one.date}" for one in doubles[:_SHOWN])
    more = f" and {len(doubles) - _SHOWN} more" if len(doubles) > _SHOWN else ""
    where = f"were imported from {source_in_words(books, binding)}" if binding else "were entered here"
    told = f"{len(doubles)} of {new} new vouchers are in these books already; they {where}: {shown}{more}"
    if not binding:
        return f"{told}. Import them again with --anyway only if they are others"
    return (
        f"{told}. If this is the same Tally company, import it as that source with --source {shlex.quote(binding)}; "
        "if these are other vouchers, with --anyway"
    )
