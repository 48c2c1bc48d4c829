"""Every message on the wire, and the frames they travel in.

A frame is a 4-byte big-endian length, at most 1 MiB, and one msgpack message: an array that begins with the message's
tag. Fields that a newer version adds come last and are ignored here; a tag that is not known ends the conversation.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from p2p.errors import RemoteProtocolError
from p2p.limits import (
    COMMIT_SEALED_BYTES_MAX,
    ENTRY_BODY_BYTES_MAX,
    FORKS_MAX,
    FRAME_BYTES_MAX,
    HEADER_BYTES_MAX,
    LETTER_BYTES_MAX,
    NAME_CHARS_MAX,
    OFFER_IDS_MAX,
    REPORT_ROWS_MAX,
    SCOPE_CHARS_MAX,
    SEQUENCE_MAX,
    TIME_MS_MAX,
)

VERSION = (1, 0)
"""Major and minor version of the protocol. Peers of one major version understand each other."""

CONTROL, SHARE = 0, 1
"""The two trees that two devices compare: `control`, and what their rules let them share."""

PREFIX_BYTES = 8

Bytes8 = Annotated[bytes, Meta(min_length=8, max_length=8)]
Bytes16 = Annotated[bytes, Meta(min_length=16, max_length=16)]
Bytes32 = Annotated[bytes, Meta(min_length=32, max_length=32)]
Bytes64 = Annotated[bytes, Meta(min_length=64, max_length=64)]
ShareId = Annotated[bytes, Meta(max_length=16)]
Hash = Annotated[bytes, Meta(max_length=32)]
Sequence = Annotated[int, Meta(ge=-1, le=SEQUENCE_MAX)]
Count = Annotated[int, Meta(ge=0, le=2**40)]
WhichTree = Annotated[int, Meta(ge=0, le=1)]
Node = Annotated[str, Meta(max_length=SCOPE_CHARS_MAX + 17)]
Ids = Annotated[bytes, Meta(max_length=OFFER_IDS_MAX * PREFIX_BYTES)]
Name = Annotated[str, Meta(max_length=NAME_CHARS_MAX)]
Text = Annotated[str, Meta(max_length=1024)]
CommitParts = tuple[
    Annotated[bytes, Meta(max_length=HEADER_BYTES_MAX)],
    Bytes64,
    Annotated[bytes, Meta(max_length=COMMIT_SEALED_BYTES_MAX)] | None,
]
ChainEntry = Annotated[bytes, Meta(max_length=ENTRY_BODY_BYTES_MAX + 1024)]


class Message(msgspec.Struct, frozen=True, array_like=True):
    """What every message is."""


class Challenge(Message, frozen=True, tag="challenge"):
    """Listener to dialer, first of all: bytes to sign."""

    nonce: Bytes32


class Joining(msgspec.Struct, frozen=True, array_like=True):
    """What a device with a ticket adds to its proof."""

    slot: Bytes16
    seal_public: Bytes32
    device_name: Name
    mac: Bytes32


class Proof(Message, frozen=True, tag="proof"):
    """Dialer to listener: who it is, for which company, and how much of the control chain it holds."""

    key: Bytes32
    company: Bytes32
    head_seq: Sequence
    head_hash: Hash
    signature: Bytes64
    joining: Joining | None = None


class Slot(Message, frozen=True, tag="slot"):
    """A sealed letter left at a relay, or handed out by it; empty to ask for one, or where there is none."""

    slot: Bytes16
    letter: Annotated[bytes, Meta(max_length=LETTER_BYTES_MAX)]


class Hello(Message, frozen=True, tag="hello"):
    """Both ways, once each knows the other: where it stands.

    A `visit` is a conversation for one synchronization, which may stand beside a lasting one.
    """

    major: Annotated[int, Meta(ge=0, le=1000)]
    minor: Annotated[int, Meta(ge=0, le=1000)]
    time: Annotated[int, Meta(ge=0, le=TIME_MS_MAX)]
    head_seq: Sequence
    head_hash: Hash
    control: Bytes16
    control_count: Count
    share: ShareId
    digest: Bytes16
    count: Count
    waiting: bool = False
    losing: Annotated[list[tuple[Sequence, Hash]], Meta(max_length=FORKS_MAX)] = []
    visit: bool = False


class Chain(Message, frozen=True, tag="chain"):
    """Entries of the control chain, each after the one it names; with `more`, to be taken in with the next ones."""

    entries: Annotated[list[ChainEntry], Meta(max_length=4096)]
    more: bool = False


class Ask(Message, frozen=True, tag="ask"):
    """Tell me what lies below these nodes."""

    tree: WhichTree
    share: ShareId
    nodes: Annotated[list[Node], Meta(max_length=1024)]


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """What lies at one node: its digest, and either what it divides into or the id prefixes it holds.

    A node of very many parts is answered by several of these, all but the last with `more`.
    """

    node: Node
    digest: Bytes16
    count: Count
    parts: Annotated[list[tuple[Node, Bytes16, Count]], Meta(max_length=1024)] | None = None
    ids: Ids | None = None
    more: bool = False


class Tree(Message, frozen=True, tag="tree"):
    """The answers to an `Ask`, one for each of its nodes."""

    tree: WhichTree
    share: ShareId
    answers: Annotated[list[Answer], Meta(max_length=1024)]


class Offer(Message, frozen=True, tag="offer"):
    """Id prefixes by scope that the other side may lack; it answers with a `Want`, which may be empty."""

    tree: WhichTree
    share: ShareId
    ids: Annotated[list[tuple[Node, Ids]], Meta(max_length=4096)]


class Want(Message, frozen=True, tag="want"):
    """Send me these id prefixes of a scope, or all below a node; answered by `Commits` of this number up to `last`."""

    number: Count
    tree: WhichTree
    share: ShareId
    items: Annotated[list[tuple[Node, Ids | None]], Meta(max_length=4096)]
    answers_offer: bool = False


class Commits(Message, frozen=True, tag="commits"):
    """Commits that were wanted."""

    number: Count
    last: bool
    commits: Annotated[list[CommitParts], Meta(max_length=1024)]
    share: ShareId = b""


class Fresh(Message, frozen=True, tag="fresh"):
    """Commits just made."""

    commits: Annotated[list[CommitParts], Meta(max_length=1024)]
    share: ShareId = b""


class Ack(Message, frozen=True, tag="ack"):
    """The oldest `Commits` or `Fresh` not acknowledged yet is durable here; some of it may have been refused."""

    stored: Count
    refused: Annotated[list[tuple[Bytes32, Text]], Meta(max_length=1024)] = []


class Standing(Message, frozen=True, tag="standing"):
    """Said when nothing is under way: my digest, yours as I know it, whether I lack nothing of yours that may flow.

    `waiting` says that something granted to me waits for its key, so that I am in sync with nobody.
    """

    tree: WhichTree
    share: ShareId
    digest: Bytes16
    count: Count
    seen: Annotated[bytes, Meta(max_length=16)]
    complete: bool
    waiting: bool = False


class ReportRow(msgspec.Struct, frozen=True, array_like=True):
    """What a relay knows of a device: when it was seen, up to when delivered, what waits there, since when.

    `control` says whether anything in `control` waits as well; a relay that does not say is taken to mean it does.
    """

    device: Bytes32
    seen_at: Annotated[int, Meta(ge=0, le=TIME_MS_MAX)] | None
    delivered_at: Annotated[int, Meta(ge=0, le=TIME_MS_MAX)] | None
    waiting: Count
    since: Annotated[int, Meta(ge=0, le=TIME_MS_MAX)] | None
    control: bool = True


class Report(Message, frozen=True, tag="report"):
    """From a relay to a member: where the devices stand that it may know of."""

    rows: Annotated[list[ReportRow], Meta(max_length=REPORT_ROWS_MAX)]


class Ping(Message, frozen=True, tag="ping"):
    """Are you there? Answered with a `Pong`."""


class Pong(Message, frozen=True, tag="pong"):
    """Yes."""


class Goodbye(Message, frozen=True, tag="goodbye"):
    """The conversation ends, with a word for programs and a sentence for people."""

    code: Annotated[str, Meta(max_length=32)]
    text: Text


AnyMessage = (
    Challenge
    | Proof
    | Slot
    | Hello
    | Chain
    | Ask
    | Tree
    | Offer
    | Want
    | Commits
    | Fresh
    | Ack
    | Standing
    | Report
    | Ping
    | Pong
    | Goodbye
)

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[AnyMessage] = msgspec.msgpack.Decoder(AnyMessage)


def encode(message: Message) -> bytes:
    """A message as one frame."""
    payload = _encoder.encode(message)
    assert len(payload) <= FRAME_BYTES_MAX, "batches are cut to size where they are made"
    return len(payload).to_bytes(4, "big") + payload


def decode_untrusted(payload: bytes | bytearray | memoryview) -> AnyMessage:
    """The message in a frame.

    Raises:
        RemoteProtocolError: the bytes are no message we know, or a field of it is out of bounds.
    """
    try:
        return _decoder.decode(payload)
    except msgspec.ValidationError as error:
        code = "unsupported" if "Invalid value" in str(error) and "`$[0]`" in str(error) else "malformed"
        raise RemoteProtocolError(code, f"the peer sent a message that is not one of ours: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RemoteProtocolError("malformed", f"the peer sent bytes that are not a message: {error}") from error


class FrameReader:
    """Cuts a stream of bytes, in whatever pieces it comes, into messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        """Take in what arrived."""
        self._buffer += data

    @property
    def waiting_bytes(self) -> int:
        """How much has arrived and was not read yet."""
        return len(self._buffer)

    def next_message_untrusted(self, frame_bytes_max: int = FRAME_BYTES_MAX) -> AnyMessage | None:
        """The next whole message, or None until more arrives.

        Raises:
            RemoteProtocolError: the frame is too long (said as soon as its length is known), or not a message.
        """
        if len(self._buffer) < 4:
            return None
        length = int.from_bytes(self._buffer[:4], "big")
        if length > frame_bytes_max:
            raise RemoteProtocolError("too-long", f"the peer announced a frame of {length:,} bytes")
        if len(self._buffer) < 4 + length:
            return None
        payload = bytes(memoryview(self._buffer)[4 : 4 + length])
        del self._buffer[: 4 + length]
        return decode_untrusted(payload)
