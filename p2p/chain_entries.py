"""The entries of the control chain: what each kind says, and how an entry is written, hashed and signed.

    entry     = msgpack [sequence, hash of the previous entry, kind, body, signature]
    hash      = sha256(msgpack [sequence, hash of the previous entry, kind, body])
    signature = Ed25519(keeper's key, "khata chain 1" || hash)

The body is a byte string that holds a msgpack map; fields and kinds that this version does not know are kept and
passed on unread, so an older device never stands in a newer one's way.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from p2p.commit import EPOCH_BYTES
from p2p.errors import DECODE_ERRORS, ChainError
from p2p.identity import AUTHOR_BYTES, KEY_BYTES, DeviceKeys
from p2p.limits import (
    ENTRY_BODY_BYTES_MAX,
    ENTRY_KIND_CHARS_MAX,
    GRANT_PATTERNS_MAX,
    NAME_CHARS_MAX,
    SCOPE_CHARS_MAX,
    SCOPE_COMPONENT_CHARS_MAX,
    SEQUENCE_MAX,
    SERIES_CHARS_MAX,
    TIME_MS_MAX,
)

CHAIN_CONTEXT: Final = b"khata chain 1"
HASH_BYTES: Final = 32
SLOT_BYTES: Final = 16
ENTRY_BYTES_MAX: Final = ENTRY_BODY_BYTES_MAX + 256
"""An encoded entry: its body, and the rest of it."""

_Sequence = Annotated[int, Meta(ge=0, le=SEQUENCE_MAX)]
_Time = Annotated[int, Meta(ge=0, le=TIME_MS_MAX)]
_Bytes32 = Annotated[bytes, Meta(min_length=32, max_length=32)]
_Key = Annotated[bytes, Meta(min_length=KEY_BYTES, max_length=KEY_BYTES)]
_Name = Annotated[str, Meta(min_length=1, max_length=NAME_CHARS_MAX)]
_Code = Annotated[str, Meta(max_length=SCOPE_COMPONENT_CHARS_MAX)]
_Series = Annotated[str, Meta(max_length=SERIES_CHARS_MAX)]
_Scope = Annotated[str, Meta(max_length=SCOPE_CHARS_MAX)]
_Patterns = Annotated[tuple[_Scope, ...], Meta(max_length=GRANT_PATTERNS_MAX)]
_Ids = tuple[_Bytes32, ...]
_Author = Annotated[bytes, Meta(min_length=AUTHOR_BYTES, max_length=AUTHOR_BYTES)]
_Cut = tuple[tuple[_Scope, _Bytes32], ...]
_Slot = Annotated[bytes, Meta(min_length=SLOT_BYTES, max_length=SLOT_BYTES)]

READ_DEFAULT: Final = ("control/**", "masters/**", "vouchers/**", "transfers/**", "files/**")
WRITE_DEFAULT: Final = READ_DEFAULT[1:]
READ_RELAY: Final = ("control/**",)
"""What is granted unless someone decides otherwise; admissions spell it out. Writing `control` is never granted."""

MEMBER: Final = "member"
RELAY: Final = "relay"


class Body(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an entry says; `time` is the keeper's clock, ms since 1970."""

    time: _Time


class Founded(Body, frozen=True, kw_only=True):
    """The first entry: the founding device is the keeper, and the recovery phrase can make another one."""

    key: _Key
    seal_key: _Key
    recovery_key: _Key
    recovery_seal_key: _Key
    nonce: Annotated[bytes, Meta(min_length=16, max_length=16)]


class BranchAdded(Body, frozen=True, kw_only=True):
    """A place of business. Relays read this: the name should say no more than the code."""

    code: _Code
    name: _Name


class Admitted(Body, frozen=True, kw_only=True):
    """A device belongs to the company from here on.

    `role` is member or relay (a relay has no branch and no series); `read` and `write` are subtrees.
    """

    key: _Key
    seal_key: _Key
    name: _Name
    branch: _Code = ""
    series: _Series = ""
    role: Annotated[str, Meta(max_length=16)] = MEMBER
    read: _Patterns
    write: _Patterns


class Granted(Body, frozen=True, kw_only=True):
    """What a device may read and write from here on, instead of what it might before.

    When something is taken away, `cut` names the device's last commits there that still count: [scope, commit id].
    """

    device: _Bytes32
    read: _Patterns
    write: _Patterns
    cut: _Cut = ()


class Revoked(Body, frozen=True, kw_only=True):
    """A device does not belong to the company any more; `cut` as in `Granted`, for all scopes."""

    device: _Bytes32
    cut: _Cut = ()


class Renamed(Body, frozen=True, kw_only=True):
    """A device is called otherwise from here on."""

    device: _Bytes32
    name: _Name


class Epoch(Body, frozen=True, kw_only=True):
    """From here on content is sealed under new keys; the keys themselves go to the devices, sealed to each."""

    epoch: Annotated[bytes, Meta(min_length=EPOCH_BYTES, max_length=EPOCH_BYTES)]


class AdminAdded(Body, frozen=True, kw_only=True):
    """A device whose requests the keeper carries out."""

    device: _Bytes32


class AdminRemoved(Body, frozen=True, kw_only=True):
    """A device whose requests the keeper does not carry out any more."""

    device: _Bytes32


class KeeperMoved(Body, frozen=True, kw_only=True):
    """Another device signs the chain from the next entry on."""

    device: _Bytes32


class Recovered(Body, frozen=True, kw_only=True):
    """Signed with the recovery phrase: this device signs the chain from here on, and is admitted if it is new."""

    key: _Key
    seal_key: _Key
    name: _Name
    branch: _Code
    series: _Series


class Locked(Body, frozen=True, kw_only=True):
    """Vouchers dated up to `until` (YYYY-MM-DD) in these subtrees are closed; what the tips reach is in.

    A tip is [scope, author, commit id]: the last commit of an author in a scope that counts.
    """

    until: Annotated[str, Meta(pattern=r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\Z")]
    scopes: _Patterns
    tips: tuple[tuple[_Scope, _Author, _Bytes32], ...] = ()


class Unlocked(Body, frozen=True, kw_only=True):
    """The lock that entry number `lock` made is gone: everything it kept out counts."""

    lock: _Sequence


class LockAdmitted(Body, frozen=True, kw_only=True):
    """Commits that came after a lock and count all the same."""

    commits: _Ids


class Readmitted(Body, frozen=True, kw_only=True):
    """Commits beyond a cut that count all the same."""

    commits: _Ids


class InvitationUsed(Body, frozen=True, kw_only=True):
    """An invitation that nobody can use any more."""

    slot: _Slot


class Setting(Body, frozen=True, kw_only=True):
    """A setting of the company that relays may read, such as how long pruned bodies are kept."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9.-]{0,31}\Z")]
    value: Annotated[str, Meta(max_length=1024)] | int | bool | None


_BODIES: Final[tuple[type[Body], ...]] = (
    Founded,
    BranchAdded,
    Admitted,
    Granted,
    Revoked,
    Renamed,
    Epoch,
    AdminAdded,
    AdminRemoved,
    KeeperMoved,
    Recovered,
    Locked,
    Unlocked,
    LockAdmitted,
    Readmitted,
    InvitationUsed,
    Setting,
)
KINDS: Final[Mapping[str, type[Body]]] = {body.__name__: body for body in _BODIES}
"""Every kind of entry this version understands, by the word it has on the wire."""


class _Wire(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    seq: _Sequence
    prev: Annotated[bytes, Meta(max_length=HASH_BYTES)]
    kind: Annotated[str, Meta(pattern=rf"^[A-Za-z]{{1,{ENTRY_KIND_CHARS_MAX}}}\Z")]
    body: Annotated[bytes, Meta(max_length=ENTRY_BODY_BYTES_MAX)]
    signature: Annotated[bytes, Meta(min_length=64, max_length=64)]


class Entry(msgspec.Struct, frozen=True):
    """One entry, its form checked; whether it belongs in a chain, the chain says.

    Attributes:
        seq: its place, from 0.
        prev: hash of the entry before it, empty for the first.
        kind: the word for what it says.
        body: what it says, or None for a kind this version does not know.
        signature: 64 bytes over `hash`.
        hash: 32 bytes; of the first entry, the company id.
        encoded: the entry as it is stored and travels.
    """

    seq: int
    prev: bytes
    kind: str
    body: Body | None
    signature: bytes
    hash: bytes
    encoded: bytes


_encoder: Final = msgspec.msgpack.Encoder()
_wire_decoder: Final = msgspec.msgpack.Decoder(_Wire)
_body_decoders: Final = {kind: msgspec.msgpack.Decoder(body) for kind, body in KINDS.items()}


def make_entry(keys: DeviceKeys, seq: int, prev: bytes, body: Body) -> Entry:
    """Return an entry signed by the holder of `keys`.

    Raises:
        ChainError: the body holds something no reader would accept.
    """
    kind, packed = type(body).__name__, _encoder.encode(body)
    signature = keys.sign(CHAIN_CONTEXT, entry_hash(seq, prev, kind, packed))
    return parse_entry_untrusted(_encoder.encode((seq, prev, kind, packed, signature)))


def entry_hash(seq: int, prev: bytes, kind: str, packed_body: bytes) -> bytes:
    """Return the 32 bytes that name an entry and that its signature covers."""
    return sha256(_encoder.encode((seq, prev, kind, packed_body))).digest()


def parse_entry_untrusted(encoded: bytes) -> Entry:
    """Return the entry in these bytes.

    Args:
        encoded: of any origin.

    Raises:
        ChainError: it is no entry, or its body is malformed.
    """
    if len(encoded) > ENTRY_BYTES_MAX:
        raise ChainError(f"a control entry of {len(encoded):,} bytes is larger than any")
    try:
        wire = _wire_decoder.decode(encoded)
    except DECODE_ERRORS as error:
        raise ChainError(f"a control entry is malformed: {error}") from error
    if _encoder.encode(wire) != encoded:
        raise ChainError(f"control entry {wire.seq} is not in canonical form")
    if len(wire.prev) != (HASH_BYTES if wire.seq else 0):
        raise ChainError(f"control entry {wire.seq} does not name the one before it")
    digest = entry_hash(wire.seq, wire.prev, wire.kind, wire.body)
    body = _parse_body(wire.seq, wire.kind, wire.body)
    return Entry(wire.seq, wire.prev, wire.kind, body, wire.signature, digest, encoded)


def _parse_body(seq: int, kind: str, packed: bytes) -> Body | None:
    decoder = _body_decoders.get(kind)
    if decoder is None:
        return None
    try:
        return decoder.decode(packed)
    except DECODE_ERRORS as error:
        raise ChainError(f"control entry {seq} ({kind}) is malformed: {error}") from error
