"""Locking periods, and what a person does with vouchers that came late: admit, date otherwise, put back.

A lock is an entry of the control chain, so it reaches every copy and nobody can undo it in silence. What it keeps out
is in `kept_out`; nothing of it is lost.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

import msgspec

from crdt_models.voucher_types import base_slug
from crdt_models.vouchers import BLANK, check_date
from khata.books import Books, Change
from khata.entering import Entered, alter_form, cancel, enter
from khata.errors import BooksError, NotFound
from khata.locking import Counted, counted
from khata.reading import read_voucher
from khata.reports.span import branch_code
from khata.showing import instant
from khata.transfers.rights import check_no_leg
from khata.voucher_lookup import VoucherName
from khata.years import financial_year, year_starts
from p2p.chain import Entry, Lock, LockAdmitted, Locked, Unlocked
from p2p.founding import append
from p2p.locks import tips_of
from p2p.store import prefix_of

ORIGIN_PUT_BACK: Final = "lock-put-back"
_TIPS_MAX: Final = 2_500
_ADMITTED_MAX: Final = 4_000
"""Tips and commits in one entry of the control chain, so that it stays below the largest that may be."""


class Admitted(NamedTuple):
    """What letting late saves in came to: how many commits, of how many vouchers.

    `along` of the vouchers were not asked for: they came in one commit with those that were, as those of an import do.
    """

    commits: int
    vouchers: int
    along: int


def lock_period(books: Books, until: str, branch: str = "", type: str = "", anyway: bool = False) -> Entry:
    """Lock vouchers dated up to and including a day, as they stand here.

    Args:
        branch: only this one, by name or code, and every transfer it has a part in.
        type: only vouchers of this base type or voucher type.
        anyway: lock although the day is not over yet.

    Raises:
        BooksError: the day is not over, or is locked already; nothing was written.
        NotAllowed: this device does not keep the control chain.
        BadValue, NotFound: the day is no date, or there is no such branch or type.
    """
    check_date(until)
    with books.writing():
        today = date.fromisoformat(instant(books.now())[:10]).isoformat()
        if until >= today and not anyway:
            raise BooksError(
                f"{until} is not over, and nobody could enter vouchers until then; lock an earlier day, or say --anyway"
            )
        scopes = _scopes(books, branch, type)
        for lock in books.replica.chain.locks:
            if set(scopes) <= set(lock.scopes) and until <= lock.until:
                raise BooksError(f"that is locked up to {lock.until} already; `khata lock list` shows it")
        tips = tuple(tips_of(books.replica.store, scopes))
        if len(tips) > _TIPS_MAX:
            raise BooksError(
                f"{len(tips):,} months of vouchers by device are more than one lock can name ({_TIPS_MAX:,}); "
                "lock one branch after the other with --branch"
            )
        return append(books.replica, Locked(time=books.now(), until=until, scopes=scopes, tips=tips))


def _scopes(books: Books, branch: str, type: str) -> tuple[str, ...]:
    code = branch_code(books, branch) if branch else "*"
    if type:
        return (f"vouchers/{code}/{_base(books, type)}/**",)
    if not branch:
        return ("transfers/**", "vouchers/**")
    return f"transfers/{code}~*/**", f"vouchers/{code}/**"


def _base(books: Books, text: str) -> str:
    slug = base_slug(text)
    if slug is not None:
        return slug
    found = books.names.find("voucher-type", text)
    base = books.names.voucher_base(found.document)
    if base is None:
        raise NotFound(f"the voucher type {text!r} has no base type to lock; name one, such as Sales")
    return base


def unlock_period(books: Books, number: int) -> Entry:
    """Take a lock back: all that it kept out counts.

    Args:
        number: its entry in the control chain, as `lock_list` gives it.

    Raises:
        NotFound: there is no such lock.
        NotAllowed: this device does not keep the control chain.
    """
    with books.writing():
        if all(lock.at != number for lock in books.replica.chain.locks):
            raise NotFound(f"there is no lock {number}; `khata lock list` shows those there are")
        return append(books.replica, Unlocked(time=books.now(), lock=number))


def lock_list(books: Books) -> list[dict[str, Any]]:
    """Every lock: its number, until when, what it covers, when and where it was made, how many vouchers it touches."""
    chain = books.replica.chain
    made = {entry.seq: entry for entry in chain.entries()}
    rows = []
    for lock in chain.locks:
        body = made[lock.at].body
        (vouchers,) = books.db.execute(
            "SELECT count(DISTINCT document) FROM kept_out WHERE lock=?", (lock.at,)
        ).fetchone()
        keeper = chain.member(chain.keeper_at(lock.at))
        rows.append({
            "lock": lock.at,
            "until": lock.until,
            "covers": covers(books, lock),
            "scopes": list(lock.scopes),
            "made_at": instant(body.time) if body is not None else "",
            "by": keeper.name if keeper is not None else "",
            "kept_out": vouchers,
        })  # fmt: skip
    return rows


def covers(books: Books, lock: Lock) -> str:
    """What a lock covers, in words."""
    parts = []
    for text in lock.scopes:
        root, *rest = text.split("/")
        if root == "vouchers":
            branch = books.replica.chain.branches.get(rest[0])
            where = "every branch" if rest[0] in ("*", "**") else branch.name if branch is not None else rest[0]
            parts.append(where if len(rest) < 3 else f"{rest[1].replace('-', ' ')} vouchers of {where}")
    return ", ".join(parts)


# -- what came late -----------------------------------------------------------------------------------------------


def late_vouchers(books: Books) -> list[int]:
    """The rows in `documents` of everything that a lock keeps something out of, by scope and id."""
    rows = books.db.execute(
        "SELECT DISTINCT d.row FROM kept_out k JOIN documents d ON d.row=k.document JOIN scopes s ON s.id=d.scope "
        "ORDER BY s.path, d.id"
    )
    return [row for (row,) in rows]


def admit(books: Books, documents: Sequence[int]) -> Admitted:
    """Let in what locks keep out of these documents (rows in `documents`), and of all that came in the same commits.

    Raises:
        BooksError: nothing is kept out of them.
        NotAllowed: this device does not keep the control chain.
    """
    with books.writing():
        commits: list[bytes] = []
        before = set(late_vouchers(books))
        for row in documents:
            commits += _commits_kept_out(books, row)
        if not commits:
            raise BooksError("no lock keeps anything out there; `khata lock late` lists what locks keep out")
        ordered = sorted(set(commits))
        for start in range(0, len(ordered), _ADMITTED_MAX):
            append(books.replica, LockAdmitted(time=books.now(), commits=tuple(ordered[start : start + _ADMITTED_MAX])))
        let_in = before - set(late_vouchers(books))
        return Admitted(len(ordered), len(let_in), len(let_in - set(documents)))


def _commits_kept_out(books: Books, row: int) -> Iterable[bytes]:
    saves = books.db.execute("SELECT save FROM kept_out WHERE document=?", (row,)).fetchall()
    scope = books.db.execute("SELECT scope FROM documents WHERE row=?", (row,)).fetchone()
    for (save,) in saves:
        rows = books.db.execute("SELECT id FROM commits WHERE scope=? AND prefix=?", (scope[0], prefix_of(save)))
        yield from (bytes(found) for (found,) in rows.fetchall() if bytes(found).startswith(save))


def redate(books: Books, found: VoucherName, day: str) -> Entered:
    """Give a voucher that counts nowhere, because it came late, a day in an open period.

    In the financial year in which its number was issued it keeps the number. Beyond, it is cancelled there, as a number
    never moves to another year, and entered anew under the next number, with a reference to the old one.

    Raises:
        BooksError: it did not come late as a whole, or the day is locked too; nothing was saved.
    """
    check_date(day)
    with books.writing():
        here = _kept_out_of(books, found)
        if not here.left_out:
            raise BooksError(
                f"{_called(found)} is in the locked books as it was; put the late change back with `khata lock "
                "put-back`, or admit it with `khata lock admit`"
            )
        read = read_voucher(here.folded.values)
        if read.posting is None:
            raise BooksError(
                f"{_called(found)} cannot be read; cancel it with `khata voucher cancel {found.document.hex()}`"
            )
        starts = year_starts(books.db)
        if not found.number or financial_year(read.posting.date, starts) == financial_year(day, starts):
            return alter_form(books, found, {"date": day})
        cancel(books, found)
        posting = msgspec.structs.replace(read.posting, date=day)
        reference = read.reference or found.number
        return enter(books, posting, narration=read.narration, reference=reference, optional=read.optional)


def put_back(books: Books, found: VoucherName) -> Entered:
    """Save a voucher again as it stands in the locked books, so that nothing is kept out of it any more.

    Raises:
        BooksError: nothing of it stands in the locked books, or nothing is kept out of it; nothing was saved.
    """
    with books.writing():
        here = _kept_out_of(books, found)
        if here.left_out:
            raise BooksError(
                f"{_called(found)} came after the lock as a whole; date it in an open period with `khata lock redate`, "
                "cancel it, or admit it with `khata lock admit`"
            )
        document = books.document(found.row)
        now = document.fold().values
        values = {
            register: here.folded.values.get(register, BLANK.get(register))
            for register in sorted(now.keys() | here.folded.values.keys())
            if now.get(register) != here.folded.values.get(register)
        }
        change = Change(document.kind, document.id, values, document.heads())
        (commit,) = books.save(document.scope, [change], ORIGIN_PUT_BACK)
        return Entered(document.id, found.number, commit.id)


def _kept_out_of(books: Books, found: VoucherName) -> Counted:
    check_no_leg(books, found.row)
    document = books.document(found.row)
    here = counted(document, document.fold(), books.replica.chain, books.replica.locks)
    if not here.kept_out:
        raise BooksError(f"no lock keeps anything out of {_called(found)}; `khata lock late` lists what locks keep out")
    return here


def _called(found: VoucherName) -> str:
    return f"voucher {found.number or found.document.hex()}"
