"""Being somebody else at a listener: dialling by hand, saying anything, and reading what comes back."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import trio

from p2p.identity import DeviceKeys
from p2p.messages import (
    AnyMessage,
    Challenge,
    FrameReader,
)
from p2p.transport import Connection, TlsNetwork
from tests.p2p.copies import seeded
from tests.p2p.nodes import SECONDS

EVE = DeviceKeys.generate(seeded("eve"))
GIGABYTE = (1 << 30).to_bytes(4, "big")


async def heard_from(stream: trio.abc.Stream) -> bytes:
    """All that is said until the other side hangs up, however it does."""
    heard = b""
    try:
        while data := await stream.receive_some():
            heard += bytes(data)
    except trio.BrokenResourceError:
        return heard
    return heard


def read(data: bytes) -> list[AnyMessage]:
    reader, found = FrameReader(), list[AnyMessage]()
    reader.feed(data)
    while (message := reader.next_message_untrusted()) is not None:
        found.append(message)
    return found


@asynccontextmanager
async def dialled(address: str) -> AsyncIterator[Connection]:
    """A connection inside TLS, closed at the end whatever happens."""
    connection = await TlsNetwork().dial(address)
    try:
        yield connection
    finally:
        await trio.aclose_forcefully(connection.stream)


async def challenge_from(connection: Connection) -> Challenge:
    """The first thing that a listener says."""
    reader = FrameReader()
    with trio.fail_after(SECONDS):
        while (challenge := reader.next_message_untrusted()) is None:
            reader.feed(bytes(await connection.stream.receive_some()))
    assert isinstance(challenge, Challenge)
    return challenge


async def challenged(address: str, answer: Callable[[Connection, Challenge], bytes]) -> list[AnyMessage]:
    """Answer the listener's challenge, and hear what it says to that."""
    async with dialled(address) as connection:
        challenge = await challenge_from(connection)
        with trio.fail_after(SECONDS):
            await connection.stream.send_all(answer(connection, challenge))
            return read(await heard_from(connection.stream))


async def pour_in(address: str, data: bytes) -> None:
    """Say something, listened to or not."""
    async with dialled(address) as connection:
        try:
            with trio.fail_after(SECONDS):
                await connection.stream.send_all(data)
                await heard_from(connection.stream)
        except trio.BrokenResourceError:
            return
