"""What admins ask of the keeper, in the words of the books: which deeds there are, and how they are carried out."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from crdt_models.packing import Value
from khata.books import Books
from khata.errors import BooksError
from khata.keeping import keeper_move
from khata.periods import admit, lock_period, unlock_period
from khata.showing import instant
from khata.voucher_lookup import find_voucher
from p2p.errors import P2PError
from p2p.identity import AUTHOR_BYTES
from p2p.members import grant, make_admin, readmit, remove_admin, rename, revoke
from p2p.requests import Deed, Request, ask_keeper, carry_out_requests, is_admin, requests

Arguments = Mapping[str, Value]


class BadRequest(P2PError):
    """A request to the keeper that cannot be carried out; the message is what is answered."""


def asks_instead(books: Books) -> bool:
    """Whether a command that only the keeper can carry out is asked for here: on an admin's device that is not it."""
    chain = books.replica.chain
    return chain.keeper != books.replica.keys.id and is_admin(books.replica)


def ask(books: Books, do: str, arguments: Arguments) -> Request:
    """Ask the keeper for a deed, one of `DEEDS`.

    Raises:
        NotAllowed: this device is no admin; nothing was written.
    """
    assert do in DEEDS
    with books.writing():
        return ask_keeper(books.replica, do, arguments, books.user, books.now(), books.random)


def keeper_name(books: Books) -> str:
    """What people call the device that keeps the list of who may do what."""
    return books.device_name(books.replica.chain.keeper[:AUTHOR_BYTES])


def carry_out(books: Books) -> bool:
    """Carry out what admins ask for, where this device is the keeper; whether there was anything."""
    deeds: dict[str, Deed] = {word: partial(_done, deed, books) for word, deed in DEEDS.items()}
    return carry_out_requests(books.replica, deeds, books.now())


def _done(deed: Callable[[Books, Arguments], Any], books: Books, arguments: Arguments) -> None:
    try:
        deed(books, arguments)
    except BooksError as error:
        raise BadRequest(str(error)) from error


def request_list(books: Books) -> list[dict[str, Any]]:
    """Every request, oldest first: who asked for what and when, and what became of it."""
    return [
        {
            "id": one.id,
            "asked_by": books.device_name(one.device[:AUTHOR_BYTES]),
            "user": one.user,
            "at": instant(one.at),
            "do": one.do,
            "arguments": {name: _shown(value) for name, value in one.arguments.items()},
            "standing": "asked" if one.answer is None else "refused" if one.answer else "carried out",
            "reason": one.answer or "",
        }
        for one in requests(books.replica)
    ]


def _shown(value: Value) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return [_shown(inner) for inner in value] if isinstance(value, list | tuple) else value


def _text(arguments: Arguments, name: str) -> str:
    value = arguments.get(name, "")
    if not isinstance(value, str):
        raise BadRequest(f"the request says nothing that could be read as {name}")
    return value


def _bytes(arguments: Arguments, name: str) -> bytes:
    value = arguments.get(name)
    if not isinstance(value, bytes):
        raise BadRequest(f"the request does not say which {name}")
    return value


def _several(arguments: Arguments, name: str, kind: type[Any]) -> Sequence[Any]:
    value = arguments.get(name)
    if not isinstance(value, list | tuple) or not all(isinstance(one, kind) for one in value):
        raise BadRequest(f"the request does not say which {name}")
    return value


def _device(books: Books, arguments: Arguments) -> bytes:
    member = books.replica.chain.member(_bytes(arguments, "device"))
    if member is None:
        raise BadRequest("that device is not one of this company")
    return member.device


def _number(arguments: Arguments) -> int:
    value = arguments.get("lock")
    if not isinstance(value, int):
        raise BadRequest("the request does not say which lock")
    return value


def _admit(books: Books, arguments: Arguments) -> None:
    found = [find_voucher(books.db, books.names, text) for text in _several(arguments, "vouchers", str)]
    admit(books, [abs(one.row) for one in found])


def _move(books: Books, arguments: Arguments) -> None:
    member = books.replica.chain.member(_device(books, arguments))
    assert member is not None
    keeper_move(books, member, arguments.get("anyway") is True)


def _grant(books: Books, arguments: Arguments) -> None:
    read, write = _several(arguments, "read", str), _several(arguments, "write", str)
    grant(books.replica, _device(books, arguments), read, write, books.now(), books.random)


DEEDS: Final[Mapping[str, Callable[[Books, Arguments], Any]]] = {
    "lock set": lambda books, given: lock_period(
        books, _text(given, "until"), _text(given, "branch"), _text(given, "type"), given.get("anyway") is True
    ),
    "lock remove": lambda books, given: unlock_period(books, _number(given)),
    "lock admit": _admit,
    "keeper move": _move,
    "device revoke": lambda books, given: revoke(books.replica, _device(books, given), books.now(), books.random),
    "device readmit": lambda books, given: readmit(books.replica, _several(given, "commits", bytes), books.now()),
    "device rename": lambda books, given: rename(
        books.replica, _device(books, given), _text(given, "name"), books.now()
    ),
    "device grant": _grant,
    "device admin": lambda books, given: make_admin(books.replica, _device(books, given), books.now()),
    "device no-admin": lambda books, given: remove_admin(books.replica, _device(books, given), books.now()),
}
"""Every deed that can be asked for, by the command that does it; devices and commits are named by their ids."""
