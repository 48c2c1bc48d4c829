"""What is set aside: commits beyond a cut, or malformed ones, with what they would say if they counted."""

from collections.abc import Iterator
from typing import Any

from crdt_models.masters import KINDS
from crdt_models.money import Amount
from crdt_models.vouchers import KIND as VOUCHER
from khata.books import Books
from khata.errors import BooksError, NotFound
from khata.reading import exact_e4, read_voucher
from khata.showing import instant
from p2p.chain_members import Member
from p2p.commit import Commit, parse_commit_untrusted
from p2p.documents import Incoming
from p2p.errors import BadCommit
from p2p.judging import opened
from p2p.store import QUARANTINED, StoredCommit

Json = dict[str, Any]


def set_aside_commits(books: Books, member: Member | None = None) -> list[Json]:
    """Every commit that is set aside, the oldest first, with what it holds as far as it opens here.

    Args:
        member: only of this device.

    Cost: about 200 µs a commit.
    """
    reasons = dict(books.db.execute("SELECT row, reason FROM set_aside WHERE state=?", (QUARANTINED,)).fetchall())
    found = []
    for stored in quarantined(books):
        commit = parsed(stored)
        if member is None or commit.header.author == member.author:
            found.append({
                "commit": commit.id.hex(),
                "device": books.device_name(commit.header.author),
                "at": instant(commit.header.time),
                "scope": commit.header.scope,
                "reason": reasons.get(stored.row, ""),
                "can_be_readmitted": beyond_a_cut(books, commit),
                "documents": [_told(books, one) for one in _incoming(books, commit)],
            })  # fmt: skip
    return sorted(found, key=lambda one: (str(one["at"]), str(one["commit"])))


def quarantined(books: Books) -> Iterator[StoredCommit]:
    """The commits that are set aside here."""
    for path in sorted(books.replica.store.scopes()):
        number = books.replica.store.find_scope(path)
        if number is not None:
            yield from (one for one in books.replica.store.not_accepted(number) if one.state == QUARANTINED)


def parsed(stored: StoredCommit) -> Commit:
    """A stored commit, unpacked."""
    return parse_commit_untrusted(stored.header, stored.signature, stored.body)


def beyond_a_cut(books: Books, commit: Commit) -> bool:
    """Whether a commit is set aside because of what its author lost, so that it can be let in."""
    return books.replica.cuts.beyond(books.replica.chain, commit.id, commit.header) is not None


def commits_to_readmit(books: Books, member: Member, named: list[str]) -> list[bytes]:
    """The ids of commits of a device that are beyond a cut.

    Args:
        named: the beginnings of their ids in hex; empty for all of them.

    Raises:
        NotFound: one of them is not among those set aside of this device, or there are none.
        BooksError: what is named can be several.
    """
    commits = [parsed(stored) for stored in quarantined(books)]
    open_ = {one.id.hex(): one.id for one in commits if one.header.author == member.author and beyond_a_cut(books, one)}
    if not open_:
        raise NotFound(f"nothing of {member.name} is set aside that could be let in; `khata device quarantined`")
    chosen: list[bytes] = []
    for text in named:
        found = [id for spelled, id in open_.items() if spelled.startswith(text.lower())]
        if not found:
            raise NotFound(f"no commit {text} of {member.name} is set aside; `khata device quarantined {member.name}`")
        if len(found) > 1:
            raise BooksError(f"{text} may be any of {len(found)} commits; give more of its id")
        chosen += found
    return chosen or list(open_.values())


def _incoming(books: Books, commit: Commit) -> tuple[Incoming, ...]:
    """What a commit holds; nothing where it does not open here, or is malformed."""
    key = books.replica.keyring.key(commit.header.epoch, commit.header.scope)
    try:
        return opened(commit, key) if key is not None and commit.ciphertext is not None else ()
    except BadCommit:
        return ()


def _told(books: Books, one: Incoming) -> Json:
    told: Json = {"kind": one.kind, "document": one.id.hex(), "changes": sorted(one.save.values)}
    if one.kind == VOUCHER:
        read = read_voucher(one.save.values)
        posting = read.posting
        told["number"] = read.number
        if posting is not None:
            amounts = (exact_e4(entry.amount) or 0 for entry in posting.entries)
            total = sum(amount for amount in amounts if amount > 0)
            told |= {
                "type": books.names.spelled("voucher-type", posting.type) or posting.base,
                "date": posting.date,
                "amount": Amount(total).text,
            }
    elif one.kind in KINDS:
        told["name"] = str(one.save.values.get("name", ""))
    return told
