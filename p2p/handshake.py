"""Who is calling: the proof a dialer gives inside TLS, bound to this connection.

TLS has proved to the dialer that the listener holds its device key. The dialer signs the listener's challenge together
with the listener's device id, so the proof is worth nothing on any other connection.
"""

from collections.abc import Sequence

import msgspec

from p2p.identity import DeviceKeys, verify
from p2p.messages import VERSION, Challenge, Hello, Joining, Proof
from p2p.share import View

PROOF_CONTEXT = b"khata proof 1"


def proven_bytes(proof: Proof, listener: bytes, nonce: bytes) -> bytes:
    """What a proof's signature covers: every field of it, the listener's device id and the challenge."""
    joining = None if proof.joining is None else msgspec.structs.astuple(proof.joining)
    return msgspec.msgpack.encode([proof.key, proof.company, proof.head_seq, proof.head_hash, joining, listener, nonce])


def prove(
    keys: DeviceKeys,
    company: bytes,
    head: tuple[int, bytes],
    listener: bytes,
    challenge: Challenge,
    joining: Joining | None = None,
) -> Proof:
    """The answer to a challenge.

    Args:
        head: sequence number and hash of the dialer's last control entry.
        listener: device id of the listener, as TLS has shown it.
        joining: from a device that holds a ticket.
    """
    unsigned = Proof(keys.public, company, head[0], head[1], bytes(64), joining)
    signature = keys.sign(PROOF_CONTEXT, proven_bytes(unsigned, listener, challenge.nonce))
    return Proof(keys.public, company, head[0], head[1], signature, joining)


def proof_is_genuine(proof: Proof, listener: bytes, nonce: bytes) -> bool:
    """Whether the dialer holds the key it names, and answered this challenge of this listener."""
    return verify(proof.key, proof.signature, PROOF_CONTEXT, proven_bytes(proof, listener, nonce))


def hello(heads: Sequence[tuple[int, bytes]], views: tuple[View, View], time: int, waiting: bool, visit: bool) -> Hello:
    """Where this side stands.

    Args:
        heads: sequence number and hash of its last control entry, then of those of lines that lost.
        views: of the control tree, and of what is shared.
        time: this device's clock, ms since 1970.
        waiting: whether something waits for its key here.
        visit: this side leaves as soon as both are in sync.
    """
    control, share = (view.digest("") for view in views)
    return Hello(
        *VERSION, time, *heads[0], control.short, control.size, views[1].share.id, share.short, share.size, waiting,
        [*heads[1:]], visit,
    )  # fmt: skip
