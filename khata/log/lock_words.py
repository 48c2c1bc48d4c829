"""What the control chain says of locked periods, in words: what a lock covers, and which documents were let in."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from khata.books import Books
from khata.log.labels import document_name
from khata.log.story import subject
from khata.log.wanted import branches_of_scope
from khata.naming import Names
from p2p.chain import Entry, LockAdmitted, Locked, Unlocked

Json = dict[str, Any]
_NAMED_MAX: Final = 5
_SAVE_BYTES: Final = 16


def locked(books: Books, body: Locked) -> str:
    """The sentence of a lock, without who made it."""
    return f"locked {covered(books, body.scopes)} up to {body.until}"


def unlocked(books: Books, body: Unlocked) -> str:
    """The sentence that a lock was taken back."""
    held = next((entry.body for entry in books.replica.chain.entries() if entry.seq == body.lock), None)
    what = f" of {covered(books, held.scopes)} up to {held.until}" if isinstance(held, Locked) else ""
    return f"took back the lock{what} (lock {body.lock})"


def covered(books: Books, scopes: Sequence[str]) -> str:
    """What the subtrees of a lock hold, in words, such as "all vouchers and transfers of Pune".

    Args:
        scopes: as the entry names them.
    """
    found = [text.split("/") for text in scopes if text.startswith("vouchers/")]
    if not found:
        return ", ".join(scopes)
    transfers = " and transfers" if any(text.startswith("transfers/") for text in scopes) else ""
    return " and ".join(_covered(books, parts, transfers) for parts in found)


def _covered(books: Books, parts: list[str], transfers: str) -> str:
    code = parts[1] if len(parts) > 1 else "**"
    branch = books.replica.chain.branches.get(code)
    of = "" if code in ("*", "**") else f" of {branch.name if branch is not None else code}"
    base = parts[2] if len(parts) > 2 and parts[2] not in ("*", "**") else ""
    return f"{base.replace('-', ' ').title()} vouchers{of}" if base else f"all vouchers{transfers}{of}"


class Admissions:
    """Which documents each entry of the chain let into a locked period, all looked up in one pass over the log."""

    def __init__(self, books: Books, names: Names, entries: Iterable[Entry]) -> None:
        self._books = books
        self._names = names
        saves = {commit[:_SAVE_BYTES].hex() for one in entries for commit in _commits(one)}
        self._rows: dict[bytes, list[int]] = {}
        if saves:
            wanted = json.dumps([save.upper() for save in saves])
            query = "SELECT save, document FROM log_places WHERE hex(save) IN (SELECT value FROM json_each(?))"
            for save, row in books.db.execute(query, (wanted,)):
                self._rows.setdefault(bytes(save), []).append(row)

    def rows(self, entry: Entry) -> set[int]:
        """The documents that an entry let something into, by local number."""
        return {row for commit in _commits(entry) for row in self._rows.get(commit[:_SAVE_BYTES], ())}

    def branches(self, entry: Entry) -> set[str]:
        """The codes of the branches in whose books these are."""
        return {code for path, *_ in self._found(entry) for code in branches_of_scope(path)}

    def documents(self, entry: Entry) -> list[Json]:
        """These documents as JSON, by name and id."""
        found = [
            {"document": id.hex(), "kind": kind, "name": document_name(self._books, self._names, row, kind, id, path)}
            for path, row, kind, id in self._found(entry)
        ]
        return sorted(found, key=lambda one: (one["name"], one["document"]))

    def _found(self, entry: Entry) -> list[tuple[str, int, str, bytes]]:
        query = (
            "SELECT s.path, d.row, d.kind, d.id FROM documents d JOIN scopes s ON s.id=d.scope "
            "WHERE d.row IN (SELECT value FROM json_each(?))"
        )
        rows = self.rows(entry)
        return self._books.db.execute(query, (json.dumps(sorted(rows)),)).fetchall() if rows else []


def admitted(documents: Sequence[Json], commits: int) -> str:
    """The sentence that what came late was let in, without who did it."""
    if not documents:
        return f"admitted {commits} {'save' if commits == 1 else 'saves'} that are not here into a locked period"
    named = [subject(one["kind"], one["name"]) for one in documents[:_NAMED_MAX]]
    more = len(documents) - len(named)
    if more:
        named.append(f"{more} more")
    listed = ", ".join(named[:-1])
    return f"admitted {f'{listed} and ' if listed else ''}{named[-1]} into a locked period"


def _commits(entry: Entry) -> tuple[bytes, ...]:
    return entry.body.commits if isinstance(entry.body, LockAdmitted) else ()
