"""Masters that one branch created while another changed the one of that name: told with names, times and sums."""

import shlex
from collections.abc import Iterator

from crdt_models.document import Document
from crdt_models.masters import normalised
from crdt_models.saves import Save
from khata.books import Books
from khata.creations import CREATED_AGAINST_DELETION, CREATED_AGAINST_RENAME, Beside, creations_beside
from khata.deeds import branch_of, branches_of, deed, in_order
from khata.naming import ID_PREFIX
from khata.problem import Choice, Deed, Effect, Problem
from khata.tables import MASTER_COLUMNS


def creation_problems(books: Books) -> Iterator[Problem]:
    """Creations beside a renaming, deletion or merging, each settled by a split or by accepting that both are one."""
    rows = books.db.execute(
        "SELECT DISTINCT p.document FROM document_problems p WHERE p.code IN (?, ?)",
        (CREATED_AGAINST_RENAME, CREATED_AGAINST_DELETION),
    )
    for (row,) in rows.fetchall():
        document = books.document(row)
        for beside in creations_beside(document):
            yield _problem(books, document, beside)


def _problem(books: Books, document: Document, beside: Beside) -> Problem:
    kind, id = document.kind, document.id
    created = str(beside.creation.values["name"])
    author = beside.creation.author
    done = sorted({f"{_who(books, save)} {_done(save)}" for save in beside.against})
    text = (
        f"{kind} {created!r}: {_who(books, beside.creation)} created it while {' and '.join(done)}, and neither knew "
        "of the other; both stand under one id"
    )
    new = _free_name(books, kind, id, created, books.device_name(author))
    command = (
        f"khata master split {kind} {ID_PREFIX}{id.hex()} --name {shlex.quote(new)} "
        f"--device {shlex.quote(books.device_name(author))}"
    )
    words = f"they are two: what {books.device_name(author)} entered moves to a new {kind.replace('-', ' ')} {new!r}"
    effect = _moved(books, kind, id, author)
    deeds = in_order(_deeds(books, beside))
    return Problem(
        beside.code, (id.hex(),), text, (Choice(words, command), *_revival(books, kind, id)), deeds, effect,
        f"entered by {books.device_name(author)}" if effect else "", branches_of(deeds),
        (kind, id.hex(), beside.creation.id.hex(), *sorted(save.id.hex() for save in beside.against)),
    )  # fmt: skip


def _revival(books: Books, kind: str, id: bytes) -> Iterator[Choice]:
    """Bringing back what was deleted, where nobody else has its name by now."""
    found = books.names.by_document(kind, id)
    if found is not None and found.deleted and books.names.taken(kind, found.name) is None:
        yield Choice(
            "they are one, and it is needed: bring it back", f"khata master restore {kind} {ID_PREFIX}{id.hex()}"
        )


def _who(books: Books, save: Save) -> str:
    branch = branch_of(books, save.author)
    return f"{books.device_name(save.author)} (branch {branch})" if branch else books.device_name(save.author)


def _done(save: Save) -> str:
    if save.values.get("deleted") is True:
        return "deleted it"
    if save.values.get("merged_into") is not None:
        return "merged it into another"
    return f"renamed it {save.values.get('name')!r}"


def _deeds(books: Books, beside: Beside) -> Iterator[Deed]:
    yield deed(books, beside.creation, f"created {beside.creation.values['name']!r}")
    for save in beside.against:
        yield deed(books, save, _done(save))


def _free_name(books: Books, kind: str, id: bytes, created: str, device: str) -> str:
    """A name for the new master that nobody else has: the one it was created under where that is free."""
    table = MASTER_COLUMNS[kind][0]
    query = f"SELECT document FROM {table} WHERE normalised=? AND present AND NOT deleted AND merged_into IS NULL"
    for name in (f"{created} ({device})", *(f"{created} ({device} {number})" for number in range(2, 100))):
        if all(bytes(document) == id for (document,) in books.db.execute(query, (normalised(name),))):
            return name
    return f"{created} ({id.hex()[:8]})"


def _moved(books: Books, kind: str, id: bytes, author: bytes) -> Effect:
    """What stands on a ledger by vouchers of the device that created it: a split takes it along."""
    if kind != "ledger":
        return ()
    rows = books.db.execute(
        "SELECT e.amount_e4 FROM ledgers l JOIN entries e ON e.posted=1 AND e.ledger=l.id "
        "JOIN vouchers v ON v.id=e.voucher WHERE l.document=? AND v.author=?",
        (id, author),
    )
    total = sum(amount for (amount,) in rows)
    found = books.names.by_document(kind, id)
    return ((found.name, total),) if found is not None and total else ()
