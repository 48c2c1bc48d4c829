"""A joiner at a relay: leaving its letter there before it is a member, and reading what the inviter answered."""

import trio

from p2p.errors import ProtocolError, RemoteProtocolError
from p2p.invite import Relay
from p2p.messages import AnyMessage, Challenge, FrameReader, Goodbye, Slot, encode
from p2p.transport import Network, Unreachable

LETTER_SECONDS_MAX = 10
_READ_BYTES = 16 * 1024
_FRAME_BYTES_MAX = 8 * 1024


class SlotClosed(ProtocolError):
    """A relay takes no letter for a ticket: it was used, taken back or has expired, or is not known there yet."""


async def leave_letter(network: Network, relay: Relay, slot: bytes, letter: bytes) -> bytes:
    """Leave a letter in place of an earlier one; return the inviter's answer, empty while there is none.

    Args:
        relay: where it is, and the device id it has to show.
        slot: of the ticket.
        letter: sealed to the inviter.

    Raises:
        Unreachable: nobody answers there in time, or another device does.
        SlotClosed: the relay takes none.
        ProtocolError: what answers does not speak our language.
    """
    connection = await network.dial(relay.address)
    try:
        with trio.fail_after(LETTER_SECONDS_MAX):
            if connection.listener != relay.device:
                raise Unreachable(f"the device at {relay.address} is not the relay that the ticket names")
            reader = FrameReader()
            await _next(connection.stream, reader, Challenge)
            await connection.stream.send_all(encode(Slot(slot, letter)))
            answer = await _next(connection.stream, reader, Slot)
            await connection.stream.send_all(encode(Goodbye("done", "")))
            return answer.letter if isinstance(answer, Slot) and answer.slot == slot else b""
    except trio.TooSlowError as error:
        raise Unreachable(f"the relay at {relay.address} does not answer in time") from error
    except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
        raise Unreachable(f"the connection to the relay at {relay.address} broke off") from error
    finally:
        await trio.aclose_forcefully(connection.stream)


async def _next(stream: trio.abc.Stream, reader: FrameReader, kind: type[Challenge] | type[Slot]) -> AnyMessage:
    """The next message, which has to be of a kind."""
    while (message := reader.next_message_untrusted(_FRAME_BYTES_MAX)) is None:
        data = bytes(await stream.receive_some(_READ_BYTES))
        if not data:
            raise Unreachable("the relay hung up before it had answered")
        reader.feed(data)
    if isinstance(message, Goodbye):
        raise SlotClosed(message.text) if message.code == "slot" else ProtocolError(message.text)
    if not isinstance(message, kind):
        raise RemoteProtocolError("unexpected", f"the relay said {type(message).__name__}, which answers nothing")
    return message
