"""Which saves of the log somebody wants to see, as a condition on `log_places`, so that nothing else is unpacked."""

import json
from collections.abc import Iterable
from datetime import date
from typing import Any, Final, NamedTuple

from crdt_models.masters import KINDS, normalised
from crdt_models.saves import (
    ORIGIN_ENTRY,
    ORIGIN_INIT,
    ORIGIN_RESTORE,
    ORIGIN_SET_ASIDE,
    ORIGIN_SETTLE,
)
from crdt_models.vouchers import check_date
from khata.books import Books
from khata.errors import BooksError, NotFound
from khata.listing import same_masters
from khata.log.places import DATES_TABLE
from khata.periods import ORIGIN_PUT_BACK
from khata.reports.span import branch_code, check_range
from khata.voucher_lookup import find_voucher
from p2p.chain import LockAdmitted
from p2p.scope import KEYS_KIND
from p2p.store import prefix_of

CONTROL: Final = "control"
"""The kind and the origin of what the control chain says."""

_ORIGINS: Final = {
    ORIGIN_ENTRY, ORIGIN_INIT, ORIGIN_SETTLE, ORIGIN_RESTORE, ORIGIN_SET_ASIDE, ORIGIN_PUT_BACK, "import", CONTROL
}  # fmt: skip
"""The origins that may be asked for although nothing has them yet."""

_DAY_MS: Final = 86_400_000
_EPOCH: Final = date(1970, 1, 1)
_ID_BYTES: Final = 16


class Wanted(NamedTuple):
    """What to let through; empty fields let all through.

    Attributes:
        document: number, type and number, or id of a voucher, or the id of any document.
        ledger: saves of this ledger, and of documents that ever named it, also where they do not any more.
        branch: what was done at this branch, and what was done to its vouchers and transfers elsewhere.
        origin: `entry`, `import`, `import:<source>`, `settle`, `restore`, `control` …
        since, until: days on which it was saved (UTC, by the clock of whoever saved), both included.
        dated_since, dated_until: dates of vouchers, those they have and those they once had.
    """

    document: str = ""
    ledger: str = ""
    branch: str = ""
    user: str = ""
    device: str = ""
    origin: str = ""
    kind: str = ""
    since: str = ""
    until: str = ""
    dated_since: str = ""
    dated_until: str = ""


EVERYTHING: Final = Wanted()


class Selection(NamedTuple):
    """A filter, looked up in the books.

    Attributes:
        condition, values: SQL over `log_places p JOIN documents d`; None where no save can match.
        control: whether entries of the control chain may match; these have only a time, a device and a branch.
        admitted: only entries of the chain that let one of these documents into a locked period; None for all.
        devices: the authors that match; None for all.
    """

    condition: str | None
    values: list[Any]
    control: bool
    admitted: frozenset[int] | None
    devices: frozenset[bytes] | None
    branch: str
    since_ms: int | None
    before_ms: int | None


def select(books: Books, wanted: Wanted) -> Selection:
    """Look a filter up.

    Raises:
        NotFound, Ambiguous: it names something that is not here, or several things.
        BadValue: a day is none.
        BooksError: there is no such kind or origin.
    """
    terms: list[tuple[str, list[Any]]] = []
    if wanted.document:
        terms.append(_one_of("p.document", _documents(books, wanted.document)))
    if wanted.ledger:
        terms.append(_naming(books, wanted.ledger))
    terms += _dated(wanted)
    control = not wanted.user and wanted.kind in ("", CONTROL) and wanted.origin in ("", CONTROL)
    admitted = _admitted(books, terms) if control and terms else None
    branch = branch_code(books, wanted.branch) if wanted.branch else ""
    if branch:
        terms.append(_at_branch(books, branch))
    devices = _devices(books, wanted.device) if wanted.device else None
    if devices is not None:
        terms.append(_authored(devices))
    if wanted.user:
        terms.append(_one_of("p.user", _users(books, wanted.user)))
        terms.append(("d.kind<>?", [KEYS_KIND]))
    if wanted.origin:
        _check_origin(books, wanted.origin)
        terms.append(("(p.origin=? OR substr(p.origin, 1, ?)=?)", [*_origin(wanted.origin)]))
    if wanted.kind and wanted.kind != CONTROL:
        terms.append(("d.kind=?", [_kind(books, wanted.kind)]))
    check_range(wanted.since, wanted.until)
    check_range(wanted.dated_since, wanted.dated_until)
    since_ms, before_ms = _instant(wanted.since, 0), _instant(wanted.until, _DAY_MS)
    terms += [("p.time_ms>=?", [since_ms])] if since_ms is not None else []
    terms += [("p.time_ms<?", [before_ms])] if before_ms is not None else []
    condition = None if CONTROL in (wanted.kind, wanted.origin) else " AND ".join(["1", *(term for term, _ in terms)])
    values = [value for _, given in terms for value in given]
    return Selection(condition, values, control, admitted, devices, branch, since_ms, before_ms)


def _admitted(books: Books, terms: list[tuple[str, list[Any]]]) -> frozenset[int]:
    """The documents that are meant, so that what let one of them into a locked period is told with it."""
    if all(entry.kind != LockAdmitted.__name__ for entry in books.replica.chain.entries()):
        return frozenset()
    condition = " AND ".join(term for term, _ in terms)
    values = [value for _, given in terms for value in given]
    return frozenset(
        row for (row,) in books.db.execute(f"SELECT DISTINCT p.document FROM log_places p WHERE {condition}", values)
    )


def _one_of(column: str, values: Iterable[Any]) -> tuple[str, list[Any]]:
    return f"{column} IN (SELECT value FROM json_each(?))", [json.dumps(list(values))]


def _authored(authors: Iterable[bytes]) -> tuple[str, list[Any]]:
    # JSON holds no bytes; the few devices of a company are written out.
    found = sorted(authors)
    return f"p.author IN ({', '.join('?' * len(found))})", [*found]


def _documents(books: Books, text: str) -> list[int]:
    try:
        return [abs(find_voucher(books.db, books.names, text).row)]
    except NotFound:
        rows = _by_id(books, text)
        if rows:
            return rows
        raise


def _by_id(books: Books, text: str) -> list[int]:
    try:
        id = bytes.fromhex(text.strip().removeprefix("id:"))
    except ValueError:
        return []
    if len(id) != _ID_BYTES:
        return []
    rows = books.db.execute("SELECT row FROM documents WHERE prefix=? AND id=? ORDER BY row", (prefix_of(id), id))
    return [row for (row,) in rows]


def _naming(books: Books, text: str) -> tuple[str, list[Any]]:
    """The documents of a ledger and whatever merged into it, and all that hold one of their ids.

    An id of 16 bytes stands in the stored update as it is, whatever surrounds it, and turns up nowhere by chance.
    """
    local = books.names.find("ledger", text).local
    ledgers = books.names.masters("ledger")
    ids = [ledgers[same].document for same in same_masters(books, "ledger", local)]
    marks = ", ".join("?" * len(ids))
    holds = " OR ".join("instr(yjs, ?)" for _ in ids)
    return f"p.document IN (SELECT row FROM documents WHERE id IN ({marks}) OR {holds})", [*ids, *ids]


def _at_branch(books: Books, code: str) -> tuple[str, list[Any]]:
    authored, authors = _authored(
        author for author, member in books.replica.chain.members.items() if member.branch == code
    )
    scopes = [
        number for number, path in books.db.execute("SELECT id, path FROM scopes") if code in branches_of_scope(path)
    ]
    within, given = _one_of("d.scope", scopes)
    return f"({authored} OR {within})", [*authors, *given]


def branches_of_scope(path: str) -> list[str]:
    """The codes of the branches in whose books the documents of a scope are."""
    parts = path.split("/")
    return parts[1].split("~") if parts[0] in ("vouchers", "transfers", "files") and len(parts) > 1 else []


def _devices(books: Books, text: str) -> frozenset[bytes]:
    wanted = normalised(text)
    members = books.replica.chain.members
    found = frozenset(
        author
        for author, member in members.items()
        if wanted in (normalised(member.name), normalised(member.series) or None, author.hex(), member.device.hex())
    )
    if not found:
        known = ", ".join(sorted({member.name for member in members.values()}))
        raise NotFound(f"no device is called {text!r}; known are {known}")
    return found


def _users(books: Books, text: str) -> list[str]:
    """The spellings of a user's name that occur; capitals and runs of spaces make no difference."""
    # Keys are sealed by the keeper's device by itself, under a name that is nobody's.
    saved = books.db.execute(
        "SELECT DISTINCT p.user FROM log_places p JOIN documents d ON d.row=p.document WHERE d.kind<>? ORDER BY p.user",
        (KEYS_KIND,),
    )
    known = [user for (user,) in saved]
    found = [user for user in known if normalised(user) == normalised(text)]
    if not found:
        raise NotFound(f"nobody called {text!r} has saved anything here; known are {', '.join(known) or 'none'}")
    return found


def _check_origin(books: Books, text: str) -> None:
    """Refuse an origin that nothing here has and no command gives."""
    saved = {origin for (origin,) in books.db.execute("SELECT DISTINCT origin FROM log_places")}
    known = saved | {origin.partition(":")[0] for origin in saved} | _ORIGINS
    if text not in known:
        raise NotFound(f"nothing here has the origin {text!r}; there are {', '.join(sorted(known))}")


def _origin(text: str) -> tuple[str, int, str]:
    return text, len(text) + 1, f"{text}:"


def _kind(books: Books, text: str) -> str:
    kind = text.strip().lower().replace(" ", "-")
    if kind in KINDS or books.db.execute("SELECT 1 FROM documents WHERE kind=? LIMIT 1", (kind,)).fetchone():
        return kind
    rows = books.db.execute("SELECT DISTINCT kind FROM documents ORDER BY kind")
    known = ", ".join([*(found for (found,) in rows), CONTROL])
    raise BooksError(f"there are no documents of kind {text!r}; there are {known}")


def _dated(wanted: Wanted) -> list[tuple[str, list[Any]]]:
    """The vouchers that stand under a date of that span, or ever stood under one."""
    bounds = [(wanted.dated_since, "date>=?"), (wanted.dated_until, "date<=?")]
    given = [(bound, test) for bound, test in bounds if bound]
    if not given:
        return []
    within = " AND ".join(test for _, test in given)
    dated = f"SELECT abs(id) FROM vouchers WHERE {within} UNION SELECT document FROM {DATES_TABLE} WHERE {within}"
    return [(f"p.document IN ({dated})", [bound for bound, _ in (*given, *given)])]


def _instant(day: str, later_ms: int) -> int | None:
    """The first millisecond of a day, or one that is so much later; None for no day."""
    if not day:
        return None
    check_date(day)
    return (date.fromisoformat(day) - _EPOCH).days * _DAY_MS + later_ms
