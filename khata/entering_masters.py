"""Adding, altering, deleting and merging masters at this copy: the rules that hold before anything is saved."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from crdt_models.errors import BadValue
from crdt_models.masters import KINDS, Master, changed, master_id
from crdt_models.packing import Value
from crdt_models.saves import ORIGIN_ENTRY, ORIGIN_RESTORE
from khata.amounts import balance_of
from khata.books import Books, Change
from khata.errors import BooksError
from khata.master_problems import users_of
from khata.master_rows import REFERENCES
from khata.naming import ID_PREFIX, MasterName, cycles
from khata.plain_reasons import plain_reason
from khata.reading import read_master
from khata.tables import MASTER_COLUMNS
from khata.versions import read_version
from p2p.scope import master_scope

NAME_CHARS_MAX: Final = 200
_ID_BYTES: Final = 16


class SavedMaster(NamedTuple):
    """What was saved: the master's id and name, and the commit that holds the save (None: nothing to change)."""

    id: bytes
    name: str
    commit: bytes | None


def add_master(books: Books, kind: str, name: str, fields: Mapping[str, Any]) -> SavedMaster:
    """Create a master.

    Args:
        kind: one of `masters.KINDS`.
        name: what it is called; live masters of a kind have different names.
        fields: further fields of the kind's struct, references as ids.

    Raises:
        BooksError: the name is taken or none, or a field holds what it may not; nothing was saved.
    """
    with books.writing():
        name = _checked_name(name)
        _check_free(books, kind, name, None)
        for alias in fields.get("aliases", ()):
            _check_free(books, kind, _checked_name(alias), None)
        master = _made(kind, {**fields, "name": name})
        id = _free_id(books, kind, name)
        (commit,) = books.save(master_scope(kind), [Change(kind, id, master.registers())])
    return SavedMaster(id, name, commit.id)


def alter_master(books: Books, kind: str, text: str, fields: Mapping[str, Any], version: str = "") -> SavedMaster:
    """Alter a master: the fields given replace those it has.

    Args:
        text: its name or id.
        version: what its author was looking at, as `show` gives it; empty for the master as it is now.

    Raises:
        NotFound, Ambiguous: the text means no master, or several.
        BooksError: a field holds what it may not; nothing was saved.
    """
    with books.writing():
        found = books.names.find(kind, text)
        if "name" in fields:
            fields = {**fields, "name": _checked_name(fields["name"])}
            _check_free(books, kind, fields["name"], found)
        for alias in fields.get("aliases", ()):
            _check_free(books, kind, _checked_name(alias), found)
        _check_parent(books, kind, found, fields)
        return _save_fields(books, kind, found, fields, version)


def set_registers(books: Books, kind: str, text: str, values: Mapping[str, Value]) -> SavedMaster:
    """Set registers of a master to values that have been read and checked.

    Raises:
        NotFound, Ambiguous: the text means no master, or several.
        BooksError: the new name is taken; nothing was saved.
    """
    with books.writing():
        found = books.names.find_even_merged(kind, text)
        name = values.get("name")
        if isinstance(name, str):
            _check_free(books, kind, _checked_name(name), found)
        _check_parent(books, kind, found, values)
        return _save_values(books, kind, found, values) if values else SavedMaster(found.document, found.name, None)


def delete_master(books: Books, kind: str, text: str) -> SavedMaster:
    """Delete a master that nothing uses; its document and history stay.

    Raises:
        BooksError: it is in use, or cannot be deleted; nothing was saved.
    """
    with books.writing():
        found = books.names.find(kind, text)
        if found.deleted:
            raise BooksError(f"the {kind} {found.name!r} was deleted before; there is nothing to do")
        vouchers, masters = users_of(books, kind, found.local)
        if vouchers or masters:
            raise BooksError(
                f"the {kind} {found.name!r} is used by {len(vouchers)} vouchers and {len(masters)} masters; merge it "
                f"into another with `khata master merge`, or rename it"
            )
        return _save_values(books, kind, found, {"deleted": True})


def restore_master(books: Books, kind: str, text: str) -> SavedMaster:
    """Bring back a deleted master.

    Raises:
        BooksError: it was not deleted, or another has its name now; nothing was saved.
    """
    with books.writing():
        found = books.names.find(kind, text)
        if not found.deleted:
            raise BooksError(f"the {kind} {found.name!r} is not deleted; there is nothing to do")
        _check_free(books, kind, found.name, found)
        return _save_values(books, kind, found, {"deleted": False}, ORIGIN_RESTORE)


def merge_masters(books: Books, kind: str, text: str, into: str) -> SavedMaster:
    """Let one master read as another from now on, everywhere; its entries stay as they were signed.

    Raises:
        BooksError: both are the same; nothing was saved.
    """
    with books.writing():
        source, target = books.names.find(kind, text), books.names.find_live(kind, into)
        if source.local == target.local:
            raise BooksError(f"{text!r} and {into!r} are the same {kind}; there is nothing to merge")
        return _save_values(books, kind, source, {"merged_into": target.document})


def _save_fields(
    books: Books, kind: str, found: MasterName, fields: Mapping[str, Any], version: str = ""
) -> SavedMaster:
    document = books.replica.document(master_scope(kind), kind, found.document)
    assert document is not None
    parents = read_version(document, version)
    before, _ = read_master(kind, document.fold_at(parents).values)
    after = _made(kind, {**_fields_of(before), **_with_parts(before, fields)})
    values = changed(before, after)
    if not values:
        return SavedMaster(found.document, after.name, None)
    (commit,) = books.save(document.scope, [Change(kind, document.id, values, parents)])
    return SavedMaster(found.document, after.name, commit.id)


def _save_values(
    books: Books, kind: str, found: MasterName, values: Mapping[str, Value], origin: str = ORIGIN_ENTRY
) -> SavedMaster:
    document = books.replica.document(master_scope(kind), kind, found.document)
    assert document is not None
    (commit,) = books.save(document.scope, [Change(kind, document.id, values, document.heads())], origin)
    return SavedMaster(found.document, found.name, commit.id)


def _fields_of(master: Master) -> dict[str, Any]:
    return {field: getattr(master, field) for field in master.__struct_fields__}


def _with_parts(before: Master, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields that are given in part, such as the state of a GST registration, completed with what was there."""
    completed = dict(fields)
    for field, value in fields.items():
        held = getattr(before, field, None)
        if isinstance(value, dict) and isinstance(held, msgspec.Struct):
            completed[field] = {**msgspec.to_builtins(held), **value}
    return completed


def _made(kind: str, fields: Mapping[str, Any]) -> Master:
    try:
        master = msgspec.convert(dict(fields), KINDS[kind])
        opening = getattr(master, "opening", None)
        if isinstance(opening, str):
            master = msgspec.structs.replace(master, opening=balance_of(opening).text)
    except (msgspec.ValidationError, BadValue) as error:
        raise BooksError(f"a {kind} cannot hold that: {plain_reason(error)}") from error
    return master


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise BooksError("a name is needed")
    if len(name) > NAME_CHARS_MAX or not name.isprintable():
        raise BooksError(f"{name[:40]!r} cannot be a name: at most {NAME_CHARS_MAX} printable characters")
    if name.startswith(ID_PREFIX):
        raise BooksError(f"a name may not begin with {ID_PREFIX!r}, which is how ids are written")
    return name


def _check_free(books: Books, kind: str, name: str, but: MasterName | None) -> None:
    taken = books.names.taken(kind, name)
    if taken is not None and (but is None or taken.document != but.document):
        raise BooksError(
            f"there is a {kind.replace('-', ' ')} {taken.name!r} already; choose another name, or alter it"
        )


def _check_parent(books: Books, kind: str, found: MasterName, fields: Mapping[str, Any]) -> None:
    """Refuse to hang a master under itself, however far down."""
    if REFERENCES.get(kind, {}).get("parent") != kind or not isinstance(fields.get("parent"), bytes):
        return
    table = MASTER_COLUMNS[kind][0]
    rows = books.db.execute(f"SELECT m.document, p.document FROM {table} m JOIN {table} p ON p.id=m.parent").fetchall()
    parents = {**dict(rows), found.document: fields["parent"]}
    if any(found.document in ring for ring in cycles([found.document], parents.get)):
        raise BooksError(f"the {kind} {found.name!r} cannot stand under itself; choose another parent")


def _free_id(books: Books, kind: str, name: str) -> bytes:
    """The id that follows from the name, or a random one when a renamed or deleted master has that."""
    id = master_id(books.company, kind, name)
    return books.random(_ID_BYTES) if books.replica.documents_of(kind, id) else id
