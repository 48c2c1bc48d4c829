"""The devices of the company: who they are, what they were granted, and what a revocation would mean.

What the keeper then does about them is in `p2p.members`.
"""

from collections import Counter
from typing import Any

from crdt_models.masters import normalised
from khata.books import Books
from khata.errors import Ambiguous, NotFound
from khata.showing import instant
from p2p.chain import RELAY
from p2p.chain_members import Grant, Member
from p2p.commit import read_header
from p2p.grants import PRESETS, taken_away
from p2p.identity import spell
from p2p.store import QUARANTINED

Json = dict[str, Any]

_ROOTS = {
    "masters": "masters", "vouchers": "vouchers", "transfers": "transfers", "files": "files",
    "control": "rules and notes of devices",
}  # fmt: skip


def find_device(books: Books, text: str) -> Member:
    """The device that a person means: by its name, its code in voucher numbers, or its id or the beginning of that.

    Raises:
        NotFound, Ambiguous: none, or several, can be meant; the message names them.
    """
    members = list(books.replica.chain.members.values())
    bare = text.replace("-", "").lower()
    found = [one for one in members if normalised(one.name) == normalised(text) or one.series == text.upper() != ""]
    if len(found) > 1:
        # A name may be that of a device which was revoked, and of the one that came in its place.
        found = [one for one in found if one.revoked_at is None] or found
    if not found and len(bare) >= 4:
        found = [one for one in members if spell(one.device).replace("-", "").lower().startswith(bare)]
    if not found:
        raise NotFound(f"no device is called {text!r}; `khata device list` shows them with their codes")
    if len(found) > 1:
        named = ", ".join(f"{one.name} ({one.series or spell(one.device)})" for one in found)
        raise Ambiguous(f"{text!r} may be {named}; say its code or the beginning of its id")
    return found[0]


def device_list(books: Books) -> list[Json]:
    """Every device ever admitted, by branch and code."""
    members = books.replica.chain.members.values()
    return [device_row(books, one) for one in sorted(members, key=lambda one: (one.branch, one.series, one.name))]


def device_row(books: Books, member: Member) -> Json:
    """One device: where it belongs, how it stands, what it may do, when it was met last."""
    chain = books.replica.chain
    branch = chain.branches.get(member.branch)
    links = {link.device: link for link in books.replica.links.statuses()}
    link = links.get(member.device)
    return {
        "device": member.name,
        "code": member.series,
        "branch": branch.name if branch is not None else member.branch,
        "role": member.role,
        "standing": standing(books, member),
        "here": member.device == books.replica.keys.id,
        "keeper": member.device == chain.keeper,
        "admin": member.device in chain.admins,
        "granted": granted_in_words(member.grant, member.branch),
        "read": list(member.grant.read),
        "write": list(member.grant.write),
        "admitted_at": entry_time(books, member.admitted_at),
        "revoked_at": None if member.revoked_at is None else entry_time(books, member.revoked_at),
        "last_met": None if link is None or link.seen_at is None else instant(link.seen_at),
        "device_id": spell(member.device),
    }


def standing(books: Books, member: Member) -> str:
    """In a word or two, what a device is."""
    if member.revoked_at is not None:
        return "revoked"
    marks = [
        "relay" if member.role == RELAY else "member",
        *(["keeper"] if member.device == books.replica.chain.keeper else []),
        *(["admin"] if member.device in books.replica.chain.admins else []),
    ]
    return ", ".join(marks)


def entry_time(books: Books, seq: int) -> str | None:
    """When an entry of the control chain was made, as its keeper's clock said."""
    entries = books.replica.chain.entries(seq - 1)[:1]
    body = entries[0].body if entries else None
    return None if body is None else instant(body.time)


def _named(patterns: tuple[str, ...]) -> str:
    return ", ".join(patterns) or "nothing"


def granted_in_words(grant: Grant, branch: str) -> str:
    """What a grant is called, or the patterns in it."""
    for name, make in PRESETS.items():
        if make(branch) == grant:
            return name
    if grant.read == ("control/**",) and not grant.write:
        return "control alone"
    return f"read {_named(grant.read)}; write {_named(grant.write)}"


def held_of(books: Books, member: Member) -> Json:
    """What of a device's work is held here: how many commits of which kind, the last of them, and what is set aside."""
    kinds: Counter[str] = Counter()
    last, aside = 0, 0
    for scope, ids in books.replica.made_by(member.device):
        number = books.replica.store.find_scope(scope)
        kinds[_ROOTS.get(scope.partition("/")[0], "others")] += len(ids)
        rows = books.db.execute("SELECT header, state FROM commits WHERE scope=?", (number,))
        for header_bytes, state in rows.fetchall():
            header = read_header(header_bytes)
            if header.author == member.author:
                last = max(last, header.time)
                aside += state == QUARANTINED
    return {
        "commits": sum(kinds.values()),
        "by_kind": dict(sorted(kinds.items())),
        "last_at": instant(last) if last else None,
        "set_aside": aside,
    }


def revocation_preview(books: Books, member: Member) -> list[str]:
    """What revoking a device would mean, in sentences."""
    held = held_of(books, member)
    row = device_row(books, member)
    kinds = ", ".join(f"{count} of {kind}" for kind, count in held["by_kind"].items())
    last = f"; the last was made on {held['last_at'][:10]}" if held["last_at"] else ""
    met = f"last met on {row['last_met'][:10]}" if row["last_met"] else "never met by this device"
    lines = [
        f"{member.name} ({member.series or member.role}), branch {row['branch'] or 'none'}: {row['granted']}; {met}.",
        f"Held here of it: {held['commits']} commits ({kinds or 'none'}){last}. All of these stay and count.",
        "What it made and has not delivered here by now will be set aside on every copy; `khata device quarantined` "
        "lists it when it comes, and `khata device readmit` lets it count.",
        "What was delivered to it stays with it; what is saved from now on is sealed under keys that it never gets.",
        "It cannot be let in again; a device that comes back joins anew, with a new ticket and new keys.",
    ]
    if row["admin"]:
        lines.append("It may ask the keeper for changes now; it may not any more.")
    return lines


def grant_preview(member: Member, after: Grant) -> list[str]:
    """What granting a device something else would mean, in sentences."""
    before = member.grant
    gone = taken_away(before.read, after.read)
    gained = taken_away(after.read, before.read)
    unwritable = taken_away(before.write, after.write)
    lines = [
        f"{member.name} may read {_named(before.read)} and write {_named(before.write)}.",
        f"From now on it may read {_named(after.read)} and write {_named(after.write)}.",
    ]
    if gained:
        lines.append(f"It is handed the keys of {', '.join(gained)}, for what there is already too.")
    if gone:
        lines.append(
            f"Of {', '.join(gone)} it keeps what was delivered to it; what is saved from now on is sealed under new "
            "keys, and it gets those of what it may read still."
        )
    if unwritable:
        lines.append(
            f"What it made in {', '.join(unwritable)}, may not write any more, and has not delivered here by now will "
            "be set aside on every copy."
        )
    return lines
