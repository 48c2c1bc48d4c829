"""Golden documents: the bytes of saves and Yjs entries, what they fold to, the names of conflicts; recomputed here."""

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pycrdt import Doc, Map

from crdt_models.document import Document, client_id
from crdt_models.folding import Folded, conflict_id
from crdt_models.packing import Value
from crdt_models.saves import pack_save

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "documents.json").read_text(encoding="utf-8"))
GIVEN = ("id", "author", "time", "parents", "values", "user", "origin")


def from_json(value: Any) -> Value:
    """A register value; `{"hex": …}` stands for bytes, which JSON does not have."""
    if isinstance(value, dict):
        if set(value) == {"hex"}:
            return bytes.fromhex(value["hex"])
        return {name: from_json(inner) for name, inner in value.items()}
    return [from_json(item) for item in value] if isinstance(value, list) else value


def to_json(value: Value) -> Any:
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, dict):
        return {name: to_json(inner) for name, inner in value.items()}
    return [to_json(item) for item in value] if isinstance(value, list) else value


def packed(save: dict[str, Any]) -> bytes:
    parents = [bytes.fromhex(parent) for parent in save["parents"]]
    return pack_save({name: from_json(value) for name, value in save["values"].items()}, parents, *rest(save))


def rest(save: dict[str, Any]) -> tuple[str, str]:
    return save["user"], save["origin"]


def document_of(vector: dict[str, Any], saves: list[dict[str, Any]]) -> Document:
    document = Document(vector["scope"], vector["kind"], bytes.fromhex(vector["document"]))
    for save in saves:
        document.add(bytes.fromhex(save["id"]), bytes.fromhex(save["author"]), save["time"], packed(save))
    return document


def read_back(update: bytes) -> dict[str, str]:
    """The entries of a Yjs document as a plain Yjs tool reads them."""
    yjs: Doc[Map[bytes]] = Doc()
    yjs.apply_update(update)
    saves: Map[bytes] = yjs.get("saves", type=Map)
    return {name: bytes(entry).hex() for name, entry in sorted(saves.items())}


def shown(vector: dict[str, Any], folded: Folded) -> dict[str, Any]:
    document = bytes.fromhex(vector["document"])
    return {
        "values": {name: to_json(value) for name, value in folded.values.items()},
        "heads": [head.hex() for head in folded.heads],
        "created": folded.created,
        "conflicts": [
            {
                "id": conflict_id(vector["scope"], document, conflict),
                "register": conflict.register,
                "saves": [claim.save.hex() for claim in conflict.claims],
                "values": [to_json(claim.value) for claim in conflict.claims],
                "incomplete": conflict.incomplete,
            }
            for conflict in folded.conflicts
        ],
    }


def recomputed(vector: dict[str, Any]) -> dict[str, Any]:
    """A vector with everything that follows from its saves computed anew."""
    saves = [{name: save[name] for name in GIVEN} for save in vector["saves"]]
    document = document_of(vector, saves)
    entries = read_back(document.update())
    for save in saves:
        save["bytes"] = packed(save).hex()
        save["client_id"] = client_id(bytes.fromhex(save["id"]))
        save["entry"] = entries[save["id"]]
    named = {name: vector[name] for name in ("about", "scope", "kind", "document")}
    return {**named, "saves": saves, "fold": shown(vector, document.fold())}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["about"])
def test_golden_documents(vector):
    assert recomputed(vector) == {name: vector[name] for name in vector if name != "update"}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["about"])
def test_a_yjs_update_written_once_is_read_for_ever(vector):
    update = bytes.fromhex(vector["update"])
    assert read_back(update) == {save["id"]: save["entry"] for save in vector["saves"]}
    held = Document.from_update(vector["scope"], vector["kind"], bytes.fromhex(vector["document"]), update)
    assert shown(vector, held.fold()) == vector["fold"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["about"])
def test_the_golden_bytes_follow_the_text_of_the_protocol(vector):
    """Each by hand: the save as msgpack with sorted keys, the entry around it, the client id, the conflict's name."""
    for save in vector["saves"]:
        values = {name: from_json(value) for name, value in save["values"].items()}
        fields = {"p": [bytes.fromhex(parent) for parent in sorted(save["parents"])], "s": values}
        by_hand = msgspec.msgpack.encode({**fields, "u": save["user"], "o": save["origin"]}, order="deterministic")
        assert by_hand.hex() == save["bytes"]
        entry = msgspec.msgpack.encode([bytes.fromhex(save["author"]), save["time"], by_hand])
        assert entry.hex() == save["entry"]
        assert save["client_id"] == int(bin(int(save["id"], 16) | 1 << 128)[3:56], 2)
    for conflict in vector["fold"]["conflicts"]:
        parts: list[Any] = [[vector["scope"], bytes.fromhex(vector["document"]), conflict["register"]]]
        for name, value in zip(conflict["saves"], conflict["values"], strict=True):
            parts += [bytes.fromhex(name), from_json(value)]
        by_hand = b"".join(msgspec.msgpack.encode(part, order="deterministic") for part in parts)
        digest = hashlib.sha256(by_hand).hexdigest()
        assert conflict["id"] == digest[:16]


def test_the_vectors_hold_what_they_are_for():
    assert any(vector["fold"]["conflicts"] for vector in VECTORS)
    assert any(conflict["incomplete"] for vector in VECTORS for conflict in vector["fold"]["conflicts"])
    assert any(len({save["client_id"] for save in vector["saves"]}) < len(vector["saves"]) for vector in VECTORS), (
        "client ids that collide"
    )
