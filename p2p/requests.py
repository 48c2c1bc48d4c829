"""What an admin asks of the keeper: a register in the note of the admin's device, and the answer in the keeper's.

Only the keeper signs the control chain. So a command that needs it, given on the device of an admin, is written down as
a request; the keeper's device carries it out when it sees it, once, and says what became of it. Whether somebody is an
admin is judged by the chain when it is carried out.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from crdt_models.errors import DocumentError
from crdt_models.packing import Value
from p2p.device_notes import note_of, save_note
from p2p.errors import P2PError, StoreError
from p2p.identity import AUTHOR_BYTES, Random
from p2p.limits import REQUESTS_PER_DEVICE_MAX
from p2p.replica import NotAllowed, Replica

REQUEST: Final = "request:"
"""Begins the register of a request: {do, arguments, at, user}; what follows is its id, 32 hex digits."""

DONE: Final = "done:"
"""Begins the register of an answer in a keeper's note; empty where it was carried out, else why it was not."""

_ID_BYTES: Final = 16
_ID_CHARS_MAX: Final = 2 * _ID_BYTES
"""A longer one might leave no room for its answer."""
_REASON_CHARS_MAX: Final = 500


class Request(NamedTuple):
    """One request. `answer` is None while nobody answered, empty when it was carried out, else why it was not."""

    id: str
    device: bytes
    do: str
    arguments: Mapping[str, Value]
    at: int
    user: str
    answer: str | None


Deed = Callable[[Mapping[str, Value]], object]
"""Carries out a request; raises an error of khata, whose text is the answer, where it cannot."""


def ask_keeper(
    replica: Replica, do: str, arguments: Mapping[str, Value], user: str, now: int, random: Random
) -> Request:
    """Write down a request; it is carried out when the keeper's device sees it.

    Args:
        do: a word for the deed, such as `lock set`.
        arguments: what it needs, as values of a register.

    Raises:
        NotAllowed: this device is no admin, or has asked for too much that nobody has answered; nothing was written.
    """
    with replica.transaction():
        replica.refresh()
        me = replica.keys.id
        if me not in replica.chain.admins:
            raise NotAllowed("only an admin may ask the keeper for that; see `khata keeper show`")
        waiting = [one for one in requests(replica) if one.device == me and one.answer is None]
        if len(waiting) >= REQUESTS_PER_DEVICE_MAX:
            raise NotAllowed(f"{len(waiting)} requests wait for the keeper already; synchronize with it first")
        found = Request(random(_ID_BYTES).hex(), me, do, dict(arguments), now, user, None)
        save_note(replica, {REQUEST + found.id: _register(found)}, user, now)
    return found


def _register(request: Request) -> Value:
    return {"do": request.do, "arguments": {**request.arguments}, "at": request.at, "user": request.user}


def requests(replica: Replica) -> list[Request]:
    """Every request of every device, oldest first, with what the keepers so far have answered.

    Whatever the devices wrote, its form alone was checked.
    """
    chain = replica.chain
    keepers = {chain.keeper_at(seq) for seq in range(chain.head[0] + 1)}
    answers: dict[str, str] = {}
    for device in keepers:
        answers.update(_answers(note_of(replica, device)))
    found = [one for member in chain.members.values() for one in _requests(replica, member.device, answers)]
    return sorted(found, key=lambda one: (one.at, one.id))


def _answers(note: Mapping[str, Value]) -> dict[str, str]:
    return {
        register.removeprefix(DONE): value
        for register, value in note.items()
        if register.startswith(DONE) and isinstance(value, str)
    }


def _requests(replica: Replica, device: bytes, answers: Mapping[str, str]) -> Iterator[Request]:
    for register, value in note_of(replica, device).items():
        id = register.removeprefix(REQUEST)
        if not register.startswith(REQUEST) or len(id) > _ID_CHARS_MAX or not isinstance(value, dict):
            continue
        do, arguments = value.get("do"), value.get("arguments")
        at, user = value.get("at"), value.get("user")
        if isinstance(do, str) and isinstance(arguments, dict) and isinstance(at, int) and isinstance(user, str):
            yield Request(id, device, do, arguments, at, user, answers.get(id))


def carry_out_requests(replica: Replica, deeds: Mapping[str, Deed], now: int) -> bool:
    """Carry out, as the keeper, what admins ask for and nobody has answered; whether there was anything.

    Each is carried out and answered in one transaction, so a crash leaves it to be done, or done and answered.
    """
    if replica.chain.keeper != replica.keys.id:
        return False
    waiting = [one for one in requests(replica) if one.answer is None and one.device in replica.chain.admins]
    for one in waiting:
        _carry_out(replica, one, deeds, now)
    return bool(waiting)


def _carry_out(replica: Replica, request: Request, deeds: Mapping[str, Deed], now: int) -> None:
    deed = deeds.get(request.do)
    try:
        with replica.transaction():
            if deed is None:
                raise NotAllowed(f"the keeper does not know how to {request.do!r}; update khata there")
            # Said first: a deed may be to give the keeper's place away, and only a keeper answers.
            _answer(replica, request, "", now)
            deed(request.arguments)
    except StoreError:
        raise
    except (P2PError, DocumentError, ValueError, TypeError) as error:
        _answer(replica, request, str(error)[:_REASON_CHARS_MAX] or "it could not be done", now)


def _answer(replica: Replica, request: Request, text: str, now: int) -> None:
    save_note(replica, {DONE + request.id: text}, "keeper", now)


def is_admin(replica: Replica) -> bool:
    """Whether the keeper carries out what this device asks for."""
    member = replica.chain.members.get(replica.keys.id[:AUTHOR_BYTES])
    return member is not None and member.revoked_at is None and member.device in replica.chain.admins
