"""Writes the golden vectors of `tests/vectors`, once; a change of a vector is a change of the protocol.

Run as `python -m tools.make_vectors NAME …`; each vector is recomputed by the tests.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from p2p.chain import READ_DEFAULT, WRITE_DEFAULT, Admitted, BranchAdded, Chain, Epoch
from p2p.commit import seal_commit
from p2p.identity import DeviceKeys, Random, spell
from p2p.invite import Relay, Ticket, check_code, joining_mac
from p2p.keyring import derive_key, epoch_id
from p2p.packed import Item, pack_items
from p2p.recovery import new_phrase, recovery_keys

FOLDER = Path(__file__).parents[1] / "tests" / "vectors"

Vector = dict[str, object]


def identity() -> list[Vector]:
    """Device ids, keys, spellings, signatures and certificates from fixed seeds."""
    vectors: list[Vector] = []
    for seed, seal_seed in [
        (bytes(32), bytes(32)),
        (bytes(range(32)), bytes(range(32, 64))),
        (b"\xff" * 32, b"\x01" * 32),
    ]:
        keys = DeviceKeys(seed, seal_seed)
        vectors.append(
            {
                "seed": seed.hex(),
                "seal_seed": seal_seed.hex(),
                "public": keys.public.hex(),
                "seal_public": keys.seal_public.hex(),
                "id": keys.id.hex(),
                "spelled": spell(keys.id),
                "signature": keys.sign(b"khata test 1", b"message").hex(),
                "certificate": keys.certificate().hex(),
            }
        )
    return vectors


def commit() -> list[Vector]:
    """Commits from fixed keys, nonces and contents; the content is given because zstd's output is not fixed."""
    keys = DeviceKeys(bytes(range(32)), bytes(range(32, 64)))
    items = [Item(bytes(range(16)), "voucher", b"a save"), Item(bytes(16), "ledger", b"another save")]
    cases = [
        ("vouchers/pun/sales/2026-04", 1_775_000_000_000, b"", (3, b"prefix 8"), b"epoch  1", b"k" * 32),
        ("masters/ledger", 0, b"\x80" * 32, (2**31 - 1, bytes(8)), bytes(8), bytes(32)),
        ("control/keys/0011223344556677", 253_402_300_799_999, b"", (0, b"\xff" * 8), b"", None),
    ]
    vectors: list[Vector] = []
    for scope, now, prev, seen, epoch, key in cases:
        content = pack_items(items)
        made = seal_commit(keys, scope, content, now, prev, seen, epoch, key, lambda size: b"nonce of 12."[:size])
        vectors.append(
            {
                "seed": bytes(range(32)).hex(),
                "scope": scope,
                "time": now,
                "prev": prev.hex(),
                "seen": [seen[0], seen[1].hex()],
                "epoch": epoch.hex(),
                "key": None if key is None else key.hex(),
                "nonce": b"nonce of 12.".hex(),
                "items": [[item.document.hex(), item.kind, item.save.hex()] for item in items],
                "content": content.hex(),
                "header": made.header_bytes.hex(),
                "id": made.id.hex(),
                "signature": made.signature.hex(),
                "ciphertext": (made.ciphertext or b"").hex(),
            }
        )
    return vectors


def keyring() -> list[Vector]:
    """Epoch ids and the keys of paths from fixed roots."""
    vectors: list[Vector] = []
    for root in (bytes(32), bytes(range(32))):
        for path in ("", "control", "masters/ledger", "vouchers/pun/sales/2026-04"):
            key = derive_key(root, path)
            vectors.append({"root": root.hex(), "epoch": epoch_id(root).hex(), "path": path, "key": key.hex()})
    return vectors


def chain() -> list[Vector]:
    """The first entries of a company from fixed keys, each as it is stored and travels."""
    keys = DeviceKeys(bytes(range(32)), bytes(range(32, 64)))
    founded = Chain.found(keys, DeviceKeys(b"r" * 32, b"s" * 32), 1_775_000_000_000, lambda size: b"n" * size)
    founded.append(keys, BranchAdded(time=1_775_000_000_001, code="ho", name="Head Office"))
    founded.append(
        keys,
        Admitted(
            time=1_775_000_000_002,
            key=keys.public,
            seal_key=keys.seal_public,
            name="ho-1",
            branch="ho",
            series="HO",
            read=READ_DEFAULT,
            write=WRITE_DEFAULT,
        ),
    )
    founded.append(keys, Epoch(time=1_775_000_000_003, epoch=epoch_id(bytes(32))))
    return [
        {"seq": entry.seq, "kind": entry.kind, "hash": entry.hash.hex(), "encoded": entry.encoded.hex()}
        for entry in founded.entries()
    ]


def invite() -> list[Vector]:
    """Tickets as text, and what follows from their secrets."""
    least = Ticket(bytes(32), b"i" * 32, b"s" * 32, (), (), bytes(16), 0)
    relay = Relay("relay.example.org:7420", b"r" * 32)
    addresses = ("192.168.1.5:7420", "[fe80::1]:7420")
    most = Ticket(
        b"c" * 32,
        b"i" * 32,
        b"s" * 32,
        addresses,
        (relay,),
        b"secret of 16 byt",
        1_775_000_000_000,
        "Pune",
        "PUN",
        "everything",
    )
    return [
        {
            "ticket": msgspec.msgpack.encode(ticket).hex(),
            "text": ticket.text(),
            "slot": ticket.slot.hex(),
            "mac": joining_mac(ticket.secret, b"one", b"two").hex(),
            "check_code": check_code(b"a" * 32, b"b" * 32, ticket.company, ticket.secret),
        }
        for ticket in (least, most)
    ]


def fixed(data: bytes) -> Random:
    """Randomness that is always the same."""
    return lambda size: data[:size]


def recovery() -> list[Vector]:
    """Recovery phrases from fixed random bytes, and the keys they stand for."""
    vectors: list[Vector] = []
    for entropy in (bytes(32), bytes(range(32)), b"\xff" * 32):
        phrase = new_phrase(fixed(entropy))
        keys = recovery_keys(phrase)
        vectors.append(
            {
                "entropy": entropy.hex(),
                "phrase": phrase,
                "public": keys.public.hex(),
                "seal_public": keys.seal_public.hex(),
            }
        )
    return vectors


_makers: tuple[Callable[[], list[Vector]], ...] = (identity, commit, keyring, chain, invite, recovery)
MAKERS = {maker.__name__: maker for maker in _makers}


def main() -> None:
    """Write the vectors named on the command line."""
    for name in sys.argv[1:]:
        (FOLDER / f"{name}.json").write_text(json.dumps(MAKERS[name](), indent=1) + "\n")


if __name__ == "__main__":
    main()
