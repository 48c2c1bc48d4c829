"""Finding masters and vouchers by what people remember of them."""

import json
import shlex
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from crdt_models.masters import KINDS
from crdt_models.money import Amount
from crdt_models.transfers import KIND as TRANSFER
from crdt_models.vouchers import KIND as VOUCHER
from khata.books import Books
from khata.errors import BooksError
from khata.following import following
from khata.listing import same_masters
from khata.reports.span import Span
from khata.search.index import SearchTexts, matching, matching_by_words
from khata.search.words import Term, terms, words
from khata.sums import joined, sum_sql
from khata.tables import MASTER_COLUMNS

Json = dict[str, Any]

LIMIT: Final = 50
_EXACT, _BEGINS, _MASTER, _VOUCHER = range(4)

_IN_ORDER: Final = ("ledger", "stock-item", *(kind for kind in reversed(KINDS) if kind not in ("ledger", "stock-item")))
"""The kinds of masters, those first that people look for most; the company itself comes last."""

_OPENED_BY: Final = {"company": "khata company show", "ledger": "khata ledger show {name}"}

_NAMED_BY: Final = {
    "ledger": (
        "SELECT voucher FROM entries WHERE posted IN (0, 1) AND ledger IN ({ids})",
        "SELECT id FROM vouchers WHERE party IN ({ids})",
        "SELECT voucher FROM stock_lines WHERE ledger IN ({ids})",
    ),
    "stock-item": ("SELECT voucher FROM stock_lines WHERE posted IN (0, 1) AND item IN ({ids})",),
    "cost-centre": ("SELECT voucher FROM cost_allocations WHERE centre IN ({ids})",),
    "godown": ("SELECT voucher FROM stock_lines WHERE godown IN ({ids}) OR destination IN ({ids})",),
    "voucher-type": ("SELECT id FROM vouchers WHERE type IN ({ids})",),
}
"""By which of its masters a voucher is found, and the vouchers that name one of these."""


class Wanted(NamedTuple):
    """What to look among. A date or a branch leaves out masters, which have none."""

    kind: str = ""
    branch: str = ""
    since: str = ""
    until: str = ""


EVERYTHING: Final = Wanted()


def find(books: Books, text: str, wanted: Wanted = EVERYTHING, limit: int = LIMIT) -> list[Json]:
    """The masters and vouchers in which every word is found, best first.

    A word is found where one begins with it; an amount ("5000", "5,000.00", "₹5,000") also where an amount is equal to
    it, or, given without paise, has these rupees. A voucher is found by its own texts and by the names of its masters.

    First what is called exactly so, then masters by name, those first whose name begins with it; then vouchers, those
    first whose amounts are exactly so, and of these the newest. Equal commits give equal results, in the same order.

    Args:
        limit: at most so many; the whole of each is looked up only for these.

    Raises:
        BooksError: there is nothing to look for, or no such kind.
        BadValue, NotFound: a date is none, or there is no such branch.

    Cost: milliseconds; the first search of a copy 30 µs a document, later ones the same for what has changed.
    """
    looked_for = terms(text)
    kinds = _kinds(wanted)
    books.replica.refresh()
    with following(books.replica.store, SearchTexts()):
        books.names.forget()
        masters, vouchers = _found(books, looked_for)
        results = [*_masters(books, masters, kinds, text)]
        if kinds & {VOUCHER, TRANSFER}:
            precise = _precise(books, looked_for, vouchers)
            results += _vouchers(books, (vouchers, precise), kinds, wanted, text, limit)
        results.sort(key=lambda one: one[0])
        return [found for _, found in results[:limit]]


def _kinds(wanted: Wanted) -> set[str]:
    every = {VOUCHER, TRANSFER} if wanted.branch or wanted.since or wanted.until else {VOUCHER, TRANSFER, *KINDS}
    kind = wanted.kind.strip().lower().replace(" ", "-")
    if not kind:
        return every
    if kind not in {VOUCHER, TRANSFER, *KINDS}:
        raise BooksError(
            f"{wanted.kind!r} is nothing to look among; there are {', '.join([VOUCHER, TRANSFER, *KINDS])}"
        )
    return every & {kind}


def _found(books: Books, looked_for: Iterable[Term]) -> tuple[dict[str, set[int]], set[int]]:
    """The rows of masters by kind, and of vouchers and transfers, in which every term is found."""
    masters: dict[str, set[int]] | None = None
    vouchers: set[int] | None = None
    for term in looked_for:
        here = matching(books.db, term)
        own = here.pop(VOUCHER, set()) | here.pop(TRANSFER, set())
        named = own | _naming(books, matching_by_words(books.db, term) if term.amount else here)
        vouchers = named if vouchers is None else vouchers & named
        masters = here if masters is None else {kind: rows & here.get(kind, set()) for kind, rows in masters.items()}
    return masters or {}, vouchers or set()


def _precise(books: Books, looked_for: Iterable[Term], vouchers: set[int]) -> set[int]:
    """Those of these rows in which every amount is found as it was written, to the last paisa."""
    for term in looked_for:
        if term.precise() != term:
            found = matching(books.db, term.precise())
            vouchers = vouchers & (found.get(VOUCHER, set()) | found.get(TRANSFER, set()))
    return vouchers


def _naming(books: Books, masters: dict[str, set[int]]) -> set[int]:
    """The rows of the vouchers that name one of these masters, or one that reads as it."""
    found: set[int] = set()
    for kind, queries in _NAMED_BY.items():
        named = {
            same for local, _ in _locals(books, kind, masters.get(kind, set())) for same in _alike(books, kind, local)
        }
        if named:
            ids = ", ".join(str(local) for local in sorted(named))
            for query in queries:
                found.update(abs(row) for (row,) in books.db.execute(query.format(ids=ids)))
    return found


def _alike(books: Books, kind: str, local: int) -> list[int]:
    return same_masters(books, kind, books.names.effective(kind, local))


def _locals(books: Books, kind: str, rows: Iterable[int]) -> list[tuple[int, int]]:
    """(local id, row) of the masters in these rows of `documents`."""
    table = MASTER_COLUMNS[kind][0]
    found = books.db.execute(
        f"SELECT m.id, d.row FROM documents d JOIN {table} m ON m.document=d.id "
        "WHERE d.row IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(rows)),),
    )
    return found.fetchall()


# -- masters ----------------------------------------------------------------------------------------------------------


def _masters(
    books: Books, found: dict[str, set[int]], kinds: set[str], text: str
) -> Iterator[tuple[tuple[Any, ...], Json]]:
    """The masters of these kinds, each with what it is ranked by."""
    asked = words(text)
    for place, kind in enumerate(_IN_ORDER):
        if kind not in kinds:
            continue
        masters = books.names.masters(kind)
        for local, _ in _locals(books, kind, found.get(kind, ())):
            master = masters[local]
            name = words(master.name)
            rank = _EXACT if name == asked else _BEGINS if _begins(name, asked) else _MASTER
            into = None if master.merged_into is None else books.names.label(kind, local)
            yield (
                (rank, place, name, master.name, master.document),
                {
                    "kind": kind,
                    "name": master.name,
                    "id": master.document.hex(),
                    "deleted": master.deleted,
                    "merged_into": into or "",
                    "command": _open_master(kind, books.names.spelled(kind, master.document)),
                },
            )


def _begins(name: list[str], asked: list[str]) -> bool:
    """Whether a name begins with what was asked, of the last word at least the beginning."""
    whole, last = asked[:-1], "".join(asked[-1:])
    return name[: len(whole)] == whole and "".join(name[len(whole) : len(asked)]).startswith(last)


def _open_master(kind: str, spelled: str) -> str:
    command = _OPENED_BY.get(kind, f"khata master show {kind} {{name}}")
    return command.format(name=shlex.quote(spelled))


# -- vouchers ---------------------------------------------------------------------------------------------------------

_VOUCHERS: Final = (
    "SELECT v.id, d.kind, v.document, s.path, v.number, v.type, v.date, v.party, v.narration, v.reference, b.code, "
    "v.cancelled FROM vouchers v CROSS JOIN documents d ON d.row=abs(v.id) JOIN scopes s ON s.id=v.scope "
    "JOIN branches b ON b.id=v.branch WHERE v.id IN (SELECT value FROM json_each(?)) AND {condition} "
    "ORDER BY v.id IN ({exact}) DESC, v.id IN (SELECT value FROM json_each(?)) DESC, v.date DESC, v.number, "
    "v.document, s.path, v.leg LIMIT ?"
)


def _vouchers(
    books: Books, found: tuple[set[int], set[int]], kinds: set[str], wanted: Wanted, text: str, limit: int
) -> Iterator[tuple[tuple[Any, ...], Json]]:
    """The first vouchers and legs of transfers, each with what it is ranked by: the newest first.

    Args:
        found: rows of documents, and those of them that come first.
    """
    condition, values = Span(wanted.since, wanted.until, wanted.branch).condition(books, "v.date", "v.branch")
    condition += f" AND d.kind IN ({', '.join(repr(kind) for kind in sorted(kinds & {VOUCHER, TRANSFER}))})"
    ids, first = (json.dumps(sorted([*rows, *(-row for row in rows)])) for rows in found)
    called = " ".join(text.split())
    exactly = books.db.execute("SELECT id FROM vouchers WHERE number=? COLLATE NOCASE", (called,)).fetchall()
    exact = ", ".join(str(id) for (id,) in exactly) or "NULL"
    listed = books.db.execute(
        _VOUCHERS.format(condition=condition, exact=exact), (ids, *values, first, limit)
    ).fetchall()
    for position, row in enumerate(listed):
        rank = _EXACT if (row[0],) in exactly else _VOUCHER
        yield (rank, len(KINDS), [], "", b"", position), _voucher(books, *row)


def _voucher(
    books: Books, id: int, kind: str, document: bytes, scope: str, number: str, type: int | None, date: str,
    party: int | None, narration: str, reference: str, branch: str, cancelled: int,
) -> Json:  # fmt: skip
    debit = books.db.execute(f"SELECT {sum_sql('amount_e4')} FROM entries WHERE voucher=? AND amount_e4>0", (id,))
    return {
        "kind": kind,
        "name": number,
        "type": books.names.label("voucher-type", type),
        "date": date,
        "amount": Amount(joined(*debit.fetchone())).text,
        "party": books.names.label("ledger", party),
        "narration": narration,
        "reference": reference,
        "branch": branch,
        "cancelled": bool(cancelled),
        "id": document.hex(),
        "command": f"khata {kind} show {shlex.quote(_unmistakable(books, number, document, scope))}",
    }


def _unmistakable(books: Books, number: str, document: bytes, scope: str) -> str:
    """What a person types to mean this one: its number, or its id where others have that, or its scope as well."""
    alike = "SELECT count(*) FROM vouchers WHERE number=?"
    if number and books.db.execute(alike, (number,)).fetchone() == (1,):
        return number
    (twins,) = books.db.execute("SELECT count(DISTINCT scope) FROM vouchers WHERE document=?", (document,)).fetchone()
    return document.hex() if twins == 1 else f"{scope}/{document.hex()}"
