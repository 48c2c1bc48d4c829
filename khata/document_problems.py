"""Problems of single documents: what cannot be counted or read, lies in two places, or was set aside."""

from collections.abc import Iterator, Sequence

from crdt_models.document import Document
from crdt_models.transfers import KIND as TRANSFER
from crdt_models.vouchers import KIND as VOUCHER
from khata.books import Books
from khata.changed_apart import CANCELLED_BESIDE_CHANGE
from khata.conflicts import document_label
from khata.creations import CREATED_AGAINST_DELETION, CREATED_AGAINST_RENAME
from khata.deeds import branches_of, deed, deed_of, in_order, showing
from khata.effects import of_vouchers
from khata.problem import Choice, Deed, Problem
from khata.reading import BAD_REGISTER, IMPOSSIBLE, UNBALANCED
from khata.set_aside import beyond_a_cut, parsed, quarantined
from khata.transfers.reading import WRONG_BRANCH
from p2p.commit import Commit
from p2p.store import QUARANTINED

TWO_SCOPES = "one-id-in-two-scopes"
UNKNOWN_KIND = "unknown-kind"
QUARANTINED_COMMIT = "quarantined-commit"

_ELSEWHERE = (CREATED_AGAINST_RENAME, CREATED_AGAINST_DELETION, CANCELLED_BESIDE_CHANGE, WRONG_BRANCH)
"""Codes in the same table whose problems are told by modules of their own."""


def faulty_documents(books: Books) -> Iterator[Problem]:
    """Documents with a posting that nobody can count, or registers that nobody can read: one problem of each kind."""
    rows = books.db.execute(
        "SELECT p.document, p.code, p.text, d.kind, d.id, s.path FROM document_problems p "
        "JOIN documents d ON d.row=p.document JOIN scopes s ON s.id=d.scope "
        "LEFT JOIN vouchers v ON v.id=d.row WHERE v.cancelled IS NOT 1 ORDER BY p.document, p.code, p.text"
    )
    texts: dict[tuple[int, str, str, bytes, str], list[str]] = {}
    for row, code, text, kind, id, scope in rows.fetchall():
        if code not in _ELSEWHERE:
            texts.setdefault((row, code, kind, bytes(id), scope), []).append(text)
    for (row, code, kind, id, scope), found in texts.items():
        yield _faulty(books, row, code, "; ".join(found), kind, id, scope)


def _faulty(books: Books, row: int, code: str, text: str, kind: str, id: bytes, scope: str) -> Problem:
    label = document_label(books, row, kind) or id.hex()[:8]
    spelled = label if kind == VOUCHER else f"{kind} {label!r}"
    document = books.document(row)
    deeds = in_order(_authors(books, document, code))
    uncounted = code in (UNBALANCED, IMPOSSIBLE)
    author = f"; entered by {deeds[-1].device}" if uncounted and deeds else ""
    effect = of_vouchers(books, [row, -row]) if uncounted else ()
    about = (id.hex(), scope, kind, text)
    found = Problem(
        code, (id.hex(),), f"{spelled}: {text}{author}", (), deeds, effect,
        "kept out of all totals" if effect else "", branches_of(deeds, [scope]), about,
    )  # fmt: skip
    return found._replace(choices=tuple(_choices(found, kind, id)))


def _choices(found: Problem, kind: str, id: bytes) -> Iterator[Choice]:
    if kind == TRANSFER:
        yield Choice("cancel it, at the branch that sent it, and send it anew", f"khata transfer cancel {id.hex()}")
    elif found.code == BAD_REGISTER:
        yield Choice("save what is shown in place of what cannot be read", f"khata problems mend {found.id}")
    if kind == VOUCHER:
        yield Choice("cancel it, and enter it anew as it should be", f"khata voucher cancel {id.hex()}")


def _authors(books: Books, document: Document, code: str) -> Iterator[Deed]:
    """Whose save of the posting shows; for other registers, who saved last."""
    posting = showing(document, "posting")
    if code in (UNBALANCED, IMPOSSIBLE) and posting is not None:
        yield deed(books, posting, "entered it so")
    else:
        last = max(document.saves().values(), key=lambda save: (save.time, save.id))
        yield deed(books, last, "saved it last")


def documents_in_two_scopes(books: Books) -> Iterator[Problem]:
    """One id in two places: two devices imported the same file with different dates, say. Both count."""
    rows = books.db.execute(
        "SELECT d.row, d.kind, d.id, s.path, v.cancelled FROM documents d JOIN scopes s ON s.id=d.scope "
        "LEFT JOIN vouchers v ON v.id=d.row "
        "WHERE d.prefix IN (SELECT prefix FROM documents GROUP BY prefix HAVING count(*)>1) ORDER BY d.kind, d.id, 4"
    )
    places: dict[tuple[str, bytes], list[tuple[int, str]]] = {}
    for row, kind, id, path, cancelled in rows.fetchall():
        if not cancelled:
            places.setdefault((kind, bytes(id)), []).append((row, path))
    for (kind, id), placed in places.items():
        found = [(row, path) for row, path in placed if len(placed) > 1 and not books.document(row).is_set_aside]
        if len(found) > 1:
            yield _in_two_scopes(books, kind, id, found)


def _in_two_scopes(books: Books, kind: str, id: bytes, found: list[tuple[int, str]]) -> Problem:
    paths = [path for _, path in found]
    deeds = in_order(_first(books, row, f"put it in {path}") for row, path in found)
    text = f"{kind} {id.hex()[:8]} lies in {' and in '.join(paths)}; both count"
    choices = tuple(
        Choice(f"cancel the one in {path}", f"khata voucher cancel {path}/{id.hex()}", of_vouchers(books, [row], -1))
        for row, path in reversed(found)
        if kind == VOUCHER
    )
    effect = of_vouchers(books, [found[-1][0]])
    return Problem(
        TWO_SCOPES, (id.hex(),), text, choices, deeds, effect, "counted once more" if effect else "",
        branches_of(deeds, paths), (kind, id.hex(), *paths),
    )  # fmt: skip


def _first(books: Books, row: int, what: str) -> Deed:
    """Who saved a document first."""
    return deed(books, min(books.document(row).saves().values(), key=lambda save: (save.time, save.id)), what)


def unknown_kinds(books: Books) -> Iterator[Problem]:
    """Documents of kinds that only a newer khata knows."""
    rows = books.db.execute(
        "SELECT d.row, d.kind, d.id, s.path FROM unknown_documents u JOIN documents d ON d.row=u.document "
        "JOIN scopes s ON s.id=d.scope"
    )
    for row, kind, id, path in rows.fetchall():
        text = f"a document of kind {kind!r} in {path} comes from a newer khata; it is kept: update khata to see it"
        deeds = in_order(deed(books, save, "saved it") for save in books.document(row).saves().values())
        branches, about = branches_of(deeds, [path]), (kind, bytes(id).hex(), path)
        yield Problem(UNKNOWN_KIND, (bytes(id).hex(),), text, (), deeds, branches=branches, about=about)


def quarantined_commits(books: Books) -> Iterator[Problem]:
    """Commits that were set aside: those beyond a cut by device and reason, malformed ones each, with its reason."""
    reasons = dict(books.db.execute("SELECT row, reason FROM set_aside WHERE state=?", (QUARANTINED,)).fetchall())
    beyond: dict[tuple[bytes, str], list[Commit]] = {}
    for stored in quarantined(books):
        commit, reason = parsed(stored), reasons.get(stored.row, "no reason was noted")
        if beyond_a_cut(books, commit):
            beyond.setdefault((commit.header.author, reason), []).append(commit)
        else:
            yield _malformed(books, commit, reason)
    for (author, reason), commits in sorted(beyond.items()):
        yield _beyond(books, author, reason, sorted(commits, key=lambda one: one.id))


def _malformed(books: Books, commit: Commit, reason: str) -> Problem:
    header = commit.header
    text = (
        f"commit {commit.id.hex()[:16]} of {books.device_name(header.author)} in {header.scope} is set aside: {reason}"
    )
    deeds = (deed_of(books, header.author, "", header.time, "made it"),)
    return Problem(
        QUARANTINED_COMMIT, (), text, (), deeds, branches=branches_of(deeds, [header.scope]), about=(commit.id.hex(),)
    )


def _beyond(books: Books, author: bytes, reason: str, commits: Sequence[Commit]) -> Problem:
    """What a device made that it was cut off from: listed as one, since it is looked at and settled as one."""
    device = books.device_name(author)
    member = books.replica.chain.members.get(author)
    named = member.series if member is not None and member.series else device
    count = f"{len(commits)} {'commit' if len(commits) == 1 else 'commits'} of {device}"
    text = f"{count} {'is' if len(commits) == 1 else 'are'} set aside: {reason}; `khata device quarantined {named}`"
    times = sorted(commit.header.time for commit in commits)
    deeds = in_order(deed_of(books, author, "", time, "made it") for time in (times[0], times[-1]))
    choices = (Choice("let it count after all", f"khata device readmit {named} --all"),)
    scopes = sorted({commit.header.scope for commit in commits})
    about = (author.hex(), reason, *(commit.id.hex() for commit in commits))
    return Problem(QUARANTINED_COMMIT, (), text, choices, deeds, branches=branches_of(deeds, scopes), about=about)
