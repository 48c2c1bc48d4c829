"""Commits decoded from the bytes of a store, by protocol.md §2: each id once, whatever number of copies hold it."""

from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from simulations.oracle.keys import Keys, opened_root
from simulations.oracle.scopes import is_keys

_DICTIONARIES = Path(__file__).parent.parent.parent / "p2p" / "dictionary"
_UNPACKED_BYTES_MAX = 1 << 20
_encoder = msgspec.msgpack.Encoder()


@dataclass(frozen=True, slots=True)
class Save:
    """One change of one document: `id` is the first half of its commit's id."""

    id: bytes
    author: bytes
    time: int
    parents: tuple[bytes, ...]
    values: dict[str, Any]
    user: str
    origin: str


Name = tuple[str, str, bytes]
"""What names a document: scope, kind and id."""


@dataclass(slots=True)
class Commit:
    """A commit as it was first met."""

    id: bytes
    scope: str
    author: bytes
    time: int
    prev: bytes
    seen: tuple[int, bytes]
    epoch: bytes
    body_hash: bytes
    header: bytes
    signature: bytes
    body: bytes | None = None
    saves: dict[Name, Save] | None = None
    fault: str = ""
    proved: bool = field(default=False)


class Library:
    """Every commit met so far.

    Args:
        seal_secrets: by device id, the secret X25519 key that content keys are sealed to; epoch roots sealed to these
            devices are opened with them.

    Attributes:
        sealed_to: by author id, the commits that bring it keys: each with the epoch, and the subtrees.
        numbers: by number and base type, the vouchers that were given it, each with the commit that says so.
    """

    def __init__(self, keys: Keys, seal_secrets: dict[bytes, bytes]) -> None:
        self._keys = keys
        self._seal_secrets = seal_secrets
        self._packers: dict[int, zstandard.ZstdDecompressor] = {}
        self._unopened: set[bytes] = set()
        self._unproved: list[Commit] = []
        self._sealed: list[tuple[bytes, bytes, bytes]] = []
        self.commits: dict[bytes, Commit] = {}
        self.sealed_to: dict[bytes, list[tuple[bytes, bytes, tuple[str, ...]]]] = {}
        self.numbers: dict[tuple[str, str], list[tuple[Name, bytes]]] = {}
        self.company = b""

    def take(self, id: bytes, header: bytes, signature: bytes, body: bytes | None) -> tuple[Commit | None, str]:
        """Take in what one copy stores under an id; returns the commit, and what is wrong with these bytes."""
        known = self.commits.get(id)
        if known is None:
            if sha256(header).digest() != id:
                return None, "its id is not the hash of its header"
            try:
                known = _decoded(id, header, signature)
            except (msgspec.DecodeError, ValueError, TypeError) as error:
                return None, f"its header cannot be read: {error}"
            self.commits[id] = known
            self._unopened.add(id)
            self._unproved.append(known)
        if header != known.header:
            return known, "its header is not the one that was signed"
        if body is None or body == known.body:
            return known, ""
        if sha256(body).digest() != known.body_hash:
            return known, "its body is not the one that was signed"
        known.body = body
        return known, ""

    def take_unproved(self) -> list[Commit]:
        """The commits that came since this was last asked, whose signatures nobody has looked at yet."""
        found, self._unproved = self._unproved, []
        return found

    def open_all(self) -> None:
        """Open what has not been opened, as far as keys are known."""
        opened: set[bytes] = set()
        # Keys first: they are sealed to devices, and bring the roots that all else opens with.
        for id in sorted(self._unopened, key=lambda one: not is_keys(self.commits[one].scope)):
            commit = self.commits[id]
            if commit.body is not None and self._open(commit):
                opened.add(id)
        self._unopened -= opened

    def _open(self, commit: Commit) -> bool:
        content: bytes | None = commit.body
        if not is_keys(commit.scope):
            self._learn_roots(commit.epoch)
            key = self._keys.key(commit.epoch, commit.scope)
            if key is None:
                return False
            content = _decrypted(commit, key)
        if content is None:
            commit.fault, commit.saves = "the key of its scope does not open it", {}
            return True
        try:
            commit.saves = self._unpacked(commit, content)
        except (ValueError, KeyError, TypeError, OSError, msgspec.DecodeError, zstandard.ZstdError) as error:
            commit.fault, commit.saves = f"it opens to something malformed: {error}", {}
        if is_keys(commit.scope):
            self._note_seals(commit)
        for name, save in commit.saves.items():
            for given in numbers_given(save):
                self.numbers.setdefault(given, []).append((name, commit.id))
        return True

    def _unpacked(self, commit: Commit, content: bytes) -> dict[Name, Save]:
        plain = self._packer(content[0]).decompress(content[1:], max_output_size=_UNPACKED_BYTES_MAX)
        found: dict[Name, Save] = {}
        for document, kind, packed in msgspec.msgpack.decode(plain):
            said = msgspec.msgpack.decode(packed)
            save = Save(
                commit.id[:16], commit.author, commit.time, tuple(said["p"]), said["s"], said["u"], said["o"]
            )  # fmt: skip
            if (commit.scope, kind, document) in found:
                raise ValueError("one document twice")
            found[commit.scope, kind, document] = save
        return found

    def _packer(self, version: int) -> zstandard.ZstdDecompressor:
        if version not in self._packers:
            data = (_DICTIONARIES / f"commits-{version}.zdict").read_bytes() if version else b""
            dictionary = zstandard.ZstdCompressionDict(data) if version else None
            self._packers[version] = zstandard.ZstdDecompressor(dict_data=dictionary)
        return self._packers[version]

    def _note_seals(self, commit: Commit) -> None:
        for save in (commit.saves or {}).values():
            seals, author = save.values.get("seals"), commit.scope.rpartition("/")[2]
            if isinstance(seals, dict) and _is_author(commit.scope):
                told = (commit.id, bytes(save.values["epoch"]), tuple(seals))
                self.sealed_to.setdefault(bytes.fromhex(author), []).append(told)
            if isinstance(seals, dict) and "" in seals:
                self._sealed.append((bytes.fromhex(author) if _is_author(commit.scope) else b"",
                                     save.values["epoch"], seals[""]))  # fmt: skip

    def _learn_roots(self, epoch: bytes) -> None:
        if self._keys.has(epoch):
            return
        for author, of_epoch, sealed in self._sealed:
            for device, secret in self._seal_secrets.items():
                if of_epoch == epoch and device.startswith(author):
                    root = opened_root(secret, self.company, device, epoch, sealed)
                    if root is not None:
                        self._keys.add_root(root)
                        return


def numbers_given(save: Save) -> list[tuple[str, str]]:
    """The numbers that a save gives to a voucher or to legs of a transfer, each with its base type."""
    found = []
    for value in (save.values, save.values.get("dispatch"), save.values.get("receipt")):
        posting = value.get("posting") if isinstance(value, dict) else None
        number = value.get("number") if isinstance(value, dict) else None
        if isinstance(number, str) and number and isinstance(posting, dict):
            found.append((number, str(posting.get("base"))))
    return found


def _is_author(scope: str) -> bool:
    last = scope.rpartition("/")[2]
    return len(last) == 16 and all(digit in "0123456789abcdef" for digit in last)


def _decoded(id: bytes, header: bytes, signature: bytes) -> Commit:
    version, scope, author, time, prev, seen, epoch, body_hash = fields = msgspec.msgpack.decode(header)
    if version != 1 or _encoder.encode(fields) != header:
        raise ValueError("it is not in canonical form")
    return Commit(id, scope, author, time, prev, (seen[0], seen[1]), epoch, body_hash, header, signature)


def _decrypted(commit: Commit, key: bytes) -> bytes | None:
    assert commit.body is not None
    fields = [1, commit.scope, commit.author, commit.time, commit.prev, list(commit.seen), commit.epoch]
    try:
        return ChaCha20Poly1305(key).decrypt(commit.body[:12], commit.body[12:], _encoder.encode(fields))
    except InvalidTag:
        return None
