"""What the control chain says, as entries of the log: who was let in or out, which periods were locked."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from khata.books import Books
from khata.deeds import branch_of
from khata.log.lock_words import Admissions, admitted, locked, unlocked
from khata.log.story import behind_said
from khata.log.values import ReadNames
from khata.log.wanted import CONTROL, Selection, branches_of_scope
from khata.showing import instant
from p2p.chain_entries import (
    AdminAdded,
    AdminRemoved,
    Admitted,
    BranchAdded,
    Entry,
    Epoch,
    Founded,
    Granted,
    InvitationUsed,
    KeeperMoved,
    LockAdmitted,
    Locked,
    Readmitted,
    Recovered,
    Renamed,
    Revoked,
    Setting,
    Unlocked,
)
from p2p.identity import AUTHOR_BYTES, device_id

Json = dict[str, Any]
_CHAIN_SCOPE: Final = "control/chain"


def control_entries(books: Books, selection: Selection) -> Iterator[tuple[int, Json]]:
    """The entries that a filter lets through by sequence, each with its rank (ms): the latest time up to there."""
    entries = books.replica.chain.entries()
    admissions = Admissions(books, ReadNames(books.db, books.company), entries)
    rank = -1
    for entry in entries:
        body = entry.body
        time = body.time if body is not None else max(rank, 0)
        rank = max(rank, time)
        signer = _signer(books, entry)
        if (
            (selection.devices is None or signer[:AUTHOR_BYTES] in selection.devices)
            and (not selection.branch or selection.branch in _branches(books, entry, signer, admissions))
            and (selection.admitted is None or not admissions.rows(entry).isdisjoint(selection.admitted))
            and (selection.since_ms is None or time >= selection.since_ms)
            and (selection.before_ms is None or time < selection.before_ms)
        ):
            yield rank, _told(books, entry, signer, (time, rank), admissions.documents(entry))


def _told(books: Books, entry: Entry, signer: bytes, when: tuple[int, int], documents: list[Json]) -> Json:
    time, rank = when
    author = signer[:AUTHOR_BYTES]
    device = books.device_name(author)
    fields = msgspec.to_builtins(entry.body, builtin_types=(bytes,)) if entry.body is not None else {}
    return {
        "at": instant(time),
        "user": "",
        "device": device,
        "branch": branch_of(books, author),
        "action": entry.kind,
        "origin": CONTROL,
        "kind": CONTROL,
        "name": entry.kind,
        "document": "",
        "scope": _CHAIN_SCOPE,
        "save": entry.hash.hex(),
        "parents": [entry.prev.hex()] if entry.prev else [],
        "first": entry.seq == 0,
        "clock_behind_ms": rank - time,
        "kept_out": "",
        "apart": [],
        "changes": [
            {"register": field, "before": None, "after": _plain(value), "settled": [], "beside": []}
            for field, value in sorted(fields.items())
            if field != "time"
        ],
        "seq": entry.seq,
        "admitted": documents,
        "story": f"{device}{behind_said(rank - time)} {_did(books, entry, documents)}",
    }


def _signer(books: Books, entry: Entry) -> bytes:
    """The id of the device that signed an entry; of the one it makes keeper, where the recovery phrase signed."""
    if isinstance(entry.body, Founded | Recovered):
        return device_id(entry.body.key)
    return books.replica.chain.keeper_at(entry.seq - 1)


def _branches(books: Books, entry: Entry, signer: bytes, admissions: Admissions) -> set[str]:
    """The branches an entry has to do with: where it was signed, and those it says something about."""
    body = entry.body
    found = {branch_of(books, signer[:AUTHOR_BYTES])}
    if isinstance(body, BranchAdded):
        found.add(body.code)
    elif isinstance(body, Admitted | Recovered):
        found.add(body.branch)
    elif isinstance(body, Granted | Revoked | Renamed | AdminAdded | AdminRemoved | KeeperMoved):
        found.add(branch_of(books, body.device[:AUTHOR_BYTES]))
    elif isinstance(body, Locked):
        found.update(code for scope in body.scopes for code in branches_of_scope(scope))
        if any(code.startswith("*") for code in found):
            found.update(books.replica.chain.branches)
    return found | admissions.branches(entry)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return f"hex:{value.hex()}"
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value


def did(books: Books, entry: Entry) -> str:
    """What somebody did by signing an entry, in words that follow their name."""
    return _did(books, entry, [])


def _did(books: Books, entry: Entry, documents: list[Json]) -> str:
    if isinstance(entry.body, LockAdmitted):
        return admitted(documents, len(entry.body.commits))
    told = _TOLD.get(type(entry.body))
    return f"wrote an entry of a newer version, {entry.kind}" if told is None else told(books, entry.body)


_TOLD: Final[dict[type[Any], Callable[[Books, Any], str]]] = {
    Founded: lambda books, body: "founded the company",
    BranchAdded: lambda books, body: f"added the branch {body.name} ({body.code})",
    Admitted: lambda books, body: f"admitted the device {body.name}{_place(body)}",
    Granted: lambda books, body: (
        f"changed what {_device(books, body.device)} may read ({', '.join(body.read) or 'nothing'}) "
        f"and write ({', '.join(body.write) or 'nothing'})"
    ),
    Revoked: lambda books, body: f"revoked the device {_device(books, body.device)}",
    Epoch: lambda books, body: "began to seal under new keys",
    AdminAdded: lambda books, body: f"made {_device(books, body.device)} one whose requests are carried out",
    AdminRemoved: lambda books, body: f"carries out no more requests of {_device(books, body.device)}",
    Renamed: lambda books, body: f"gave the device {_code(books, body.device)} the name {body.name}",
    KeeperMoved: lambda books, body: f"made {_device(books, body.device)} the keeper",
    Recovered: lambda books, body: f"became the keeper with the recovery phrase{_place(body)}",
    Locked: locked,
    Unlocked: unlocked,
    Readmitted: lambda books, body: f"admitted {_commits(body.commits)} of a device that was cut off",
    InvitationUsed: lambda books, body: "closed an invitation",
    Setting: lambda books, body: f"set {body.name} to {body.value!r}",
}


def _place(body: Admitted | Recovered) -> str:
    return f", numbers {body.series}, to the branch {body.branch}" if body.branch else ""


def _device(books: Books, device: bytes) -> str:
    return books.device_name(device[:AUTHOR_BYTES])


def _code(books: Books, device: bytes) -> str:
    """The code of a device, which never changes; of a relay, which has none, what it is called now."""
    member = books.replica.chain.member(device)
    return member.series if member is not None and member.series else _device(books, device)


def _commits(commits: tuple[bytes, ...]) -> str:
    return f"{len(commits)} {'commit' if len(commits) == 1 else 'commits'}"
