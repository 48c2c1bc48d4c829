"""What once went wrong with documents, each in its smallest form."""

import os
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from pycrdt import Doc, Map

from crdt_models.document import Document
from crdt_models.errors import BadSave, BadValue
from crdt_models.folding import conflict_id
from crdt_models.packing import DEPTH_MAX, Value, pack
from crdt_models.saves import pack_save, set_aside, unpack_save_untrusted

AUTHOR = b"author 8"


def crafted(value: object, parents: Sequence[bytes] = ()) -> bytes:
    return msgspec.msgpack.encode({"p": parents, "s": {"r": value}, "u": "eve", "o": "entry"})


def nested(levels: int) -> Value:
    value: Value = []
    for _ in range(levels - 1):
        value = [value]
    return value


def test_every_value_that_a_save_may_bring_can_be_named_in_a_conflict() -> None:
    document = Document("masters/ledger", "ledger", bytes(16))
    for name, value in ((b"a" * 16, nested(DEPTH_MAX - 1)), (b"b" * 16, 1)):
        try:
            document.add(name, AUTHOR, 1, crafted(value))
        except BadSave:
            return  # refusing it at the door is as good
    (conflict,) = document.fold().conflicts
    assert conflict_id("masters/ledger", bytes(16), conflict)


def test_what_is_read_can_be_written_again() -> None:
    try:
        save = unpack_save_untrusted(b"s" * 16, AUTHOR, 1, crafted(nested(DEPTH_MAX - 1)))
    except BadSave:
        return
    pack_save(save.values, save.parents, save.user, save.origin)


def test_any_save_can_be_set_aside() -> None:
    save = unpack_save_untrusted(b"s" * 16, AUTHOR, 1, crafted(1, [os.urandom(16) for _ in range(1024)]))
    assert unpack_save_untrusted(b"s" * 16, AUTHOR, 1, set_aside(save)).values == {}


@pytest.mark.parametrize("entry", ["text", 5, 5.5, None, [1], {"a": 1}])
def test_a_yjs_entry_that_is_not_bytes_is_bad(entry: object) -> None:
    doc: Doc[Map[Any]] = Doc()

    doc.get("saves", type=Map)["0a" * 16] = entry
    with pytest.raises(BadSave):
        Document.from_update("masters/ledger", "ledger", bytes(16), doc.get_update())


def test_a_number_of_thousands_of_digits_is_a_bad_value() -> None:
    with pytest.raises(BadValue):
        pack(10**5000)


def test_changing_what_a_fold_gave_changes_no_document() -> None:
    document = Document("masters/ledger", "ledger", bytes(16))
    document.add(b"a" * 16, AUTHOR, 1, pack_save({"name": "Cash"}, (), "asha"))
    document.fold().values["name"] = "Bank"
    assert document.fold().values == {"name": "Cash"}


def test_a_parent_that_is_no_save_id_is_refused_where_the_save_is_made() -> None:
    with pytest.raises(BadValue):
        pack_save({}, [b"short"], "asha")
