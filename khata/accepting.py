"""Accepting a problem: a person says that something is as it should be, and it is not listed any more, anywhere.

Only for what nothing in the books can settle without undoing what happened: an invoice number used twice in returns
that are filed, two receipts that look like one and are two. An acceptance is a save like any other, in the register
`accepted:<problem>:<device>` of the company's details, with the reason as its value: it travels, stands in the edit
log, and can be taken back. A problem's id is made of what it is about, so a third voucher with the number is a new
problem that nobody has accepted.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from crdt_models.document import Document
from crdt_models.masters import Company, company_details_id
from crdt_models.saves import ORIGIN_SETTLE, Save
from khata.books import Books, Change
from khata.deeds import deed, showing
from khata.errors import BooksError
from khata.joining_heads import joined_heads
from khata.problem import Deed
from p2p.scope import master_scope

REASON_CHARS_MAX: Final = 500
_ACCEPTED: Final = "accepted:"


class Acceptance(NamedTuple):
    """Who accepted a problem, when, and why."""

    deed: Deed
    reason: str
    register: str


def acceptances(books: Books) -> Mapping[str, list[Acceptance]]:
    """By id of a problem, who has accepted it and not taken it back.

    Cost: one document, and nothing where no problem was ever accepted.
    """
    document = _details(books)
    if document is None:
        return {}
    setters: dict[str, list[Save]] = {}
    for save in document.saves().values():
        for register in save.values:
            if register.startswith(_ACCEPTED):
                setters.setdefault(register, []).append(save)
    found: dict[str, list[Acceptance]] = {}
    for register, saves in sorted(setters.items()):
        save_that_shows = saves[0] if len(saves) == 1 else showing(document, register)
        assert save_that_shows is not None
        reason = save_that_shows.values[register]
        if isinstance(reason, str) and reason:
            problem = register.removeprefix(_ACCEPTED).partition(":")[0]
            by = deed(books, save_that_shows, "accepted it")
            found.setdefault(problem, []).append(Acceptance(by, reason, register))
    return found


def accept(books: Books, problem: str, reason: str) -> bytes:
    """Say that a problem is as it should be; returns the id of the commit.

    Args:
        problem: its id.
        reason: why, in the accountant's words.

    Raises:
        BooksError: there is no reason, or it is too long; nothing was saved.
    """
    reason = " ".join(reason.split())
    if not reason or len(reason) > REASON_CHARS_MAX:
        raise BooksError(f"say why it is as it should be, in 1 to {REASON_CHARS_MAX} characters, with --reason")
    with books.writing():
        return _save(books, {f"{_ACCEPTED}{problem}:{books.member.author.hex()}": reason})


def reopen(books: Books, problem: str) -> bytes:
    """Take back every acceptance of a problem, so that it is listed again; returns the id of the commit.

    Raises:
        BooksError: nobody has accepted it; nothing was saved.
    """
    with books.writing():
        accepted = acceptances(books).get(problem, [])
        if not accepted:
            raise BooksError(f"nobody has accepted problem {problem!r}; `khata problems --accepted` lists those")
        return _save(books, {acceptance.register: "" for acceptance in accepted})


def _details(books: Books) -> Document | None:
    return books.replica.document(master_scope(Company.KIND), Company.KIND, company_details_id(books.company))


def _save(books: Books, values: dict[str, str]) -> bytes:
    scope, id = master_scope(Company.KIND), company_details_id(books.company)
    change = Change(Company.KIND, id, values, joined_heads(books, scope, Company.KIND, id))
    return books.save(scope, [change], ORIGIN_SETTLE)[0].id
