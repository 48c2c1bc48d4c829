"""Who keeps the control chain: shown, moved to another device, and what a fork has left to settle."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from khata.books import Books
from khata.deeds import deed_of
from khata.errors import BooksError
from khata.log.control import did
from khata.problem import Choice, Problem
from khata.showing import instant
from p2p.chain import KeeperMoved, Recovered
from p2p.chain_members import Member
from p2p.forks import Lost, lost
from p2p.founding import check_keeper
from p2p.identity import AUTHOR_BYTES, spell
from p2p.keepers import Repeated, move_keeper, open_invitations, repeat_lost, settle_forks
from p2p.requests import is_admin
from p2p.scope import RECOVERY_KEYS_SCOPE
from p2p.seals import sealed_in
from p2p.status import peer_statuses

FORKED: Final = "list-of-rights-forked"

Json = dict[str, Any]


def keeper_show(books: Books) -> Json:
    """What `khata keeper show` shows: who keeps the list of rights, since when, and what is left of forks."""
    chain = books.replica.chain
    keeper = chain.member(chain.keeper)
    terms = list(_terms(books))
    sealed = {found[0] for one in books.replica.documents.in_scope(RECOVERY_KEYS_SCOPE) if (found := sealed_in(one))}
    return {
        "keeper": keeper.name if keeper is not None else "",
        "device_id": spell(chain.keeper),
        "here": chain.keeper == books.replica.keys.id,
        "since": terms[-1]["since"],
        "former": terms[:-1],
        "admins": sorted(member.name for member in chain.members.values() if member.device in chain.admins),
        "epochs": len(chain.epochs),
        "epochs_sealed_to_the_phrase": len(sealed.intersection(chain.epochs)),
        "recovered": sum(isinstance(entry.body, Recovered) for entry in chain.entries()),
        "losing_lines": len(chain.losing),
        "to_repeat": [_lost_json(books, one) for one in lost(chain, chain.losing)],
    }


def _terms(books: Books) -> Iterator[Json]:
    """Each keeper with the time of the entry that made it one, oldest first."""
    entries = books.replica.chain.entries()
    for entry in entries:
        if entry.seq == 0 or isinstance(entry.body, KeeperMoved | Recovered):
            device = books.replica.chain.keeper_at(entry.seq)
            since = instant(entry.body.time) if entry.body is not None else ""
            yield {"keeper": books.device_name(device[:AUTHOR_BYTES]), "device_id": spell(device), "since": since}


def _lost_json(books: Books, one: Lost) -> Json:
    body = one.entry.body
    return {
        "entry": one.entry.seq,
        "kind": one.entry.kind,
        "what": did(books, one.entry),
        "signed_by": books.device_name(one.signer[:AUTHOR_BYTES]),
        "at": instant(body.time) if body is not None else "",
    }


class Move(NamedTuple):
    """What moving the keeper's place would mean: to whom, whether it holds all, what is closed by it.

    Attributes:
        from_here: whether this device is the keeper; another one knows neither of the two latter.
    """

    member: Member
    from_here: bool
    in_sync_at: str
    lacks: int | None
    invitations: tuple[str, ...]

    @property
    def is_proved(self) -> bool:
        """Whether the device is proved to hold all that is here, and this one all that is there."""
        return bool(self.in_sync_at) and self.lacks == 0

    @property
    def lines(self) -> list[str]:
        """It in sentences."""
        found = [
            f"From then on only {self.member.name} invites, locks and revokes; it gets the keys to everything. This "
            "cannot be taken back from here."
        ]
        if self.from_here and not self.is_proved:
            found.append(f"{self.member.name} is not proved to hold all that is here; synchronize first, if you can.")
        if self.invitations:
            found.append(f"Open invitations are closed: {', '.join(self.invitations)}.")
        return found


def keeper_move_preview(books: Books, member: Member) -> Move:
    """What moving the keeper's place to a device would mean, at the keeper or where it can be asked for.

    Raises:
        NotAllowed: this device is neither the keeper nor an admin's.
        BooksError: it is the keeper already, or was revoked.
    """
    replica = books.replica
    if not is_admin(replica):
        check_keeper(replica)
    if member.device == replica.chain.keeper:
        raise BooksError(f"{member.name} keeps the list already; name another device")
    if member.revoked_at is not None:
        raise BooksError(f"{member.name} was revoked; name a device that belongs to the company")
    status = next((one for one in peer_statuses(replica) if one.device == member.device), None)
    at = instant(status.in_sync_at) if status is not None and status.in_sync_at is not None else ""
    lacks = None if status is None or status.missing_here is None else status.missing_there + status.missing_here
    closed = tuple(one.series for one in open_invitations(replica, books.now()))
    return Move(member, replica.chain.keeper == replica.keys.id, at, lacks, closed)


def keeper_move(books: Books, member: Member, anyway: bool = False) -> Move:
    """Let another device keep the list of rights; it can invite, lock and revoke once it has synchronized.

    Args:
        anyway: though it is not proved to hold all that is here.

    Raises:
        BooksError: it is not proved to be in sync; nothing was written.
        NotAllowed, ChainError: this device is not the keeper, or that one cannot be; nothing was written.
    """
    with books.writing():
        check_keeper(books.replica)
        move = keeper_move_preview(books, member)
        if not move.is_proved and not anyway:
            raise BooksError(
                f"{member.name} is not proved to hold all that is here; synchronize with it first, or say --anyway: it "
                "then takes for late, in periods it locks, what it does not hold"
            )
        move_keeper(books.replica, member.device, books.now())
    return move


def keeper_repeat(books: Books) -> tuple[Repeated, list[str]]:
    """Say again what only losing lines say; returns what was, and in words what could not be.

    Raises:
        NotAllowed: this device is not the keeper.
    """
    with books.writing():
        repeated = repeat_lost(books.replica, books.now())
    return repeated, [f"{did(books, one.entry)}: {reason}" for one, reason in repeated.left]


def keeper_settle(books: Books) -> int:
    """Declare that nothing more of the losing lines is to be repeated; returns how many lines that settled.

    Raises:
        NotAllowed: this device is not the keeper.
    """
    with books.writing():
        return settle_forks(books.replica, books.now())


def fork_problems(books: Books) -> Iterator[Problem]:
    """Entries that only a losing line of the control chain has: for the keeper to repeat, or to leave."""
    chain = books.replica.chain
    for one in lost(chain, chain.losing):
        signer, body = one.signer[:AUTHOR_BYTES], one.entry.body
        deeds = (deed_of(books, signer, "", body.time if body is not None else 0, "signed it"),)
        said = f"{books.device_name(signer)} {did(books, one.entry)}"
        text = f"on a line of the list of rights that gave way, {said}; that holds no more"
        yield Problem(FORKED, (), text, _ways_out(books), deeds, about=(one.entry.hash.hex(),))


def _ways_out(books: Books) -> tuple[Choice, ...]:
    keeper = books.device_name(books.replica.chain.keeper[:AUTHOR_BYTES])
    where = "" if books.replica.chain.keeper == books.replica.keys.id else f", at {keeper}"
    return (
        Choice(f"say all of that again{where}", "khata keeper repeat"),
        Choice(f"leave all of it{where}", "khata keeper settle"),
    )
