"""Document: one ledger, voucher or rule, as an ordinary Yjs document that only ever grows.

Its `pycrdt.Doc` holds one map, `saves`: the save id in hex names msgpack `[author, time, save bytes]`. An entry is
written once and never overwritten or deleted (but exchanged for an emptied one while its commit is set aside), each
under a Yjs client id of its own, so there is no order, duplication or partition in which merging can go wrong. The Yjs
update is always built here from saves: no foreign bytes ever reach pycrdt, which foreign bytes can crash.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec
from pycrdt import Doc, Map

from crdt_models import folding
from crdt_models.errors import BadSave
from crdt_models.folding import Folded, HistoryEntry, MayWrite
from crdt_models.packing import Value
from crdt_models.saves import (
    ORIGIN_ENTRY,
    ORIGIN_SET_ASIDE,
    SAVE_ID_BYTES,
    Save,
    pack_save,
    set_aside,
    unpack_save_untrusted,
)

_CLIENT_ID_BITS = 53
_entry_encoder = msgspec.msgpack.Encoder()
_entry_decoder = msgspec.msgpack.Decoder(tuple[bytes, int, bytes])


class Document:
    """A grow-only set of saves under one name: scope, kind and a 16-byte id, none of which ever changes."""

    def __init__(self, scope: str, kind: str, id: bytes) -> None:
        self.scope = scope
        self.kind = kind
        self.id = id
        self._saves: dict[bytes, Save] = {}
        self._entries: dict[bytes, bytes] = {}
        self._update = b""
        self._in_update: set[bytes] = set()

    @classmethod
    def from_update(cls, scope: str, kind: str, id: bytes, update: bytes) -> "Document":
        """Read a document back from a Yjs update.

        Args:
            update: trusted bytes, as `update()` or a Yjs tool of yours wrote them. Bytes of unknown origin can crash
                pycrdt; those travel as commits instead.

        Raises:
            BadSave: an entry of the map is not a save.
        """
        document = cls(scope, kind, id)
        yjs: Doc[Map[bytes]] = Doc()
        yjs.apply_update(update)
        entries: Map[bytes] = yjs.get("saves", type=Map)
        for name, entry in sorted(entries.items()):
            save_id, author, time, save_bytes = _read_entry(name, entry)
            document.add(save_id, author, time, save_bytes)
        document._update = update
        document._in_update = set(document._saves)
        return document

    def save(
        self, changes: Mapping[str, Value], parents: Sequence[bytes], user: str, origin: str = ORIGIN_ENTRY
    ) -> bytes:
        """Encode a change to this document; it counts once a commit brings it back through `add`.

        Args:
            changes: the registers to set.
            parents: the `heads` of the version the author was looking at, which may be older than this document.

        Raises:
            BadValue, DocumentTooLarge: see `pack_save`. The document is unchanged in any case.
        """
        return pack_save(changes, parents, user, origin)

    def add(self, save_id: bytes, author: bytes, time: int, save_bytes: bytes) -> Save:
        """Take in one save; the same save again changes nothing.

        Args:
            save_id: first 16 bytes of the id of the commit that brought it.
            author: first 8 bytes of the device id that signed it.
            time: the author's clock, in milliseconds.
            save_bytes: untrusted.

        Raises:
            BadSave: the bytes are not a save, or contradict a save held under the same id; nothing is changed.
        """
        if len(save_id) != SAVE_ID_BYTES:
            raise BadSave(f"a save id has {SAVE_ID_BYTES} bytes, not {len(save_id)}")
        save = unpack_save_untrusted(save_id, author, time, save_bytes)
        self.put(save, save_bytes)
        return save

    def put(self, save: Save, save_bytes: bytes) -> bool:
        """Take in a save that has been unpacked already; whether it is new here.

        Args:
            save: as `unpack_save_untrusted` gave it for these `save_bytes`.

        Raises:
            BadSave: it contradicts a save held under the same id; nothing is changed.
        """
        entry = _entry_encoder.encode((save.author, save.time, save_bytes))
        held = self._entries.get(save.id)
        if held is not None:
            if held != entry:
                raise BadSave(f"two different saves claim the id {save.id.hex()}")
            return False
        self._saves[save.id] = save
        self._entries[save.id] = entry
        return True

    def exchanged(self, saves: Iterable[tuple[Save, bytes]]) -> "Document":
        """This document with these saves in place of what stands under their ids; itself where nothing differs.

        Only for a save whose commit was set aside, or counts again: its entry stands for it emptied, or whole.

        Args:
            saves: each with its bytes, as `put` takes them.
        """
        coming = {
            save.id: (save, _entry_encoder.encode((save.author, save.time, save_bytes))) for save, save_bytes in saves
        }
        if all(self._entries.get(save_id) == entry for save_id, (_, entry) in coming.items()):
            return self
        other = Document(self.scope, self.kind, self.id)
        other._saves = {**self._saves, **{save_id: save for save_id, (save, _) in coming.items()}}
        other._entries = {**self._entries, **{save_id: entry for save_id, (_, entry) in coming.items()}}
        return other

    def saves(self) -> Mapping[bytes, Save]:
        """The saves by id."""
        return self._saves

    def emptied(self, save_ids: Collection[bytes]) -> "Document":
        """This document without what some saves say; they still link what builds on them to what they build on."""
        left = Document(self.scope, self.kind, self.id)
        for save_id, save in self._saves.items():
            if save_id in save_ids:
                left.put(msgspec.structs.replace(save, values={}), set_aside(save))
            else:
                left._saves[save_id], left._entries[save_id] = save, self._entries[save_id]
        return left

    @property
    def is_set_aside(self) -> bool:
        """Whether all of its saves are set aside, so that it says nothing: it shows nowhere, but has a history."""
        return all(save.origin == ORIGIN_SET_ASIDE and not save.values for save in self._saves.values())

    def heads(self) -> tuple[bytes, ...]:
        """The version of this document: sorted ids of the saves that no other save builds on."""
        return folding.heads(self._saves.values())

    def fold(self, may_write: MayWrite | None = None) -> Folded:
        """What shows: values, conflicts and version.

        Args:
            may_write: drops values whose author had no right to that register; their parents still count.
        """
        return folding.fold(self._saves, may_write)

    def fold_at(self, version: Iterable[bytes]) -> Folded:
        """What showed to somebody who was looking at `version`."""
        return folding.fold(folding.as_seen_at(self._saves, version))

    def history(self) -> list[HistoryEntry]:
        """Every save in causal order, with each register before and after: the edit log of this document."""
        return folding.history(self._saves)

    def update(self) -> bytes:
        """This document as one Yjs update, readable by any Yjs tool.

        Cost: only what `add` brought since the last call is built anew.
        """
        missing = [save_id for save_id in self._entries if save_id not in self._in_update]
        if not missing:
            return self._update
        client_ids = {client_id(save_id) for save_id in self._entries}
        if len(client_ids) < len(self._entries):
            self._update = _rebuilt(self._entries)
        elif len(missing) == 1 and not self._in_update:
            self._update = _entry_update(client_id(missing[0]), missing[0], self._entries[missing[0]])
        else:
            yjs: Doc[Map[bytes]] = Doc()
            if self._update:
                yjs.apply_update(self._update)
            for save_id in missing:
                yjs.apply_update(_entry_update(client_id(save_id), save_id, self._entries[save_id]))
            self._update = yjs.get_update()
        self._in_update = set(self._entries)
        return self._update


def client_id(save_id: bytes) -> int:
    """The Yjs client id that writes the entry of a save: 53 bits of its id, which is what pycrdt takes."""
    return int.from_bytes(save_id[:8], "big") >> (64 - _CLIENT_ID_BITS)


def _entry_update(client: int, save_id: bytes, entry: bytes) -> bytes:
    yjs: Doc[Map[bytes]] = Doc(client_id=client)
    with yjs.transaction():
        entries: Map[bytes] = yjs.get("saves", type=Map)
        entries[save_id.hex()] = entry
    return yjs.get_update()


def _rebuilt(entries: Mapping[bytes, bytes]) -> bytes:
    """Build anew where two saves share a client id: in save-id order, the later one takes the next free id."""
    taken: set[int] = set()
    yjs: Doc[Map[bytes]] = Doc()
    for save_id in sorted(entries):
        client = client_id(save_id)
        while client in taken:
            client = (client + 1) % 2**_CLIENT_ID_BITS
        taken.add(client)
        yjs.apply_update(_entry_update(client, save_id, entries[save_id]))
    return yjs.get_update()


def _read_entry(name: str, entry: object) -> tuple[bytes, bytes, int, bytes]:
    if not isinstance(entry, bytes | bytearray):
        raise BadSave(f"the entry {name!r} of a Yjs document is not a save but a {type(entry).__name__}")
    try:
        author, time, save_bytes = _entry_decoder.decode(entry)
        return bytes.fromhex(name), author, time, save_bytes
    except (msgspec.DecodeError, ValueError) as error:
        raise BadSave(f"the entry {name!r} of a Yjs document is not a save: {error}") from error
