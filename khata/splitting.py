"""Splitting a master: one id that two branches meant differently becomes two.

A device created "Asha Stores" while another, apart from it, renamed or deleted the ledger of that name. What the first
device entered moves to a new master; the other keeps the id with all that happened to it.
"""

from crdt_models.document import Document
from crdt_models.packing import Value
from crdt_models.saves import ORIGIN_INIT
from khata.books import Books, Change
from khata.entering_masters import SavedMaster, add_master
from khata.errors import BooksError
from khata.master_problems import users_of
from p2p.scope import master_scope

_BESIDE_CONTENT = ("name", "deleted", "merged_into")


def split_master(books: Books, kind: str, text: str, name: str, device: str = "") -> SavedMaster:
    """Give a new master to a device that created one beside the other, and move its references there.

    Args:
        text: the master, by name or id.
        name: what the new one is called.
        device: whose references move; the device whose creation stands beside a renaming when empty.

    Raises:
        BooksError: nobody created it beside the other, or no such device did; nothing was saved.
    """
    with books.writing():
        found = books.names.find(kind, text)
        document = books.replica.document(master_scope(kind), kind, found.document)
        assert document is not None
        author = _author(books, document, device)
        content = {
            register: value
            for save in document.saves().values()
            if save.author == author
            for register, value in sorted(save.values.items())
            if register not in _BESIDE_CONTENT and not register.startswith("source:")
        }
        made = add_master(books, kind, name, content)
        vouchers, masters = users_of(books, kind, found.local)
        for id in sorted(vouchers | masters):
            _move(books, bytes.fromhex(id), author, found.document, made.id)
        _acknowledge(books, document)
    return made


def _author(books: Books, document: Document, device: str) -> bytes:
    """The device that created the master knowing nothing of the other; the latest of them."""
    creations = [
        save
        for save in document.saves().values()
        if not save.parents and "name" in save.values and save.origin != ORIGIN_INIT
    ]
    if device:
        creations = [save for save in creations if books.device_name(save.author) == device]
    if not creations:
        raise BooksError(f"{device or 'no device'} created this master beside another; there is nothing to split")
    return max(creations, key=lambda save: (save.time, save.id)).author


def _move(books: Books, id: bytes, author: bytes, old: bytes, new: bytes) -> None:
    """Let the registers of a document that an author wrote last refer to the new master."""
    row = books.db.execute("SELECT kind FROM documents WHERE id=? LIMIT 1", (id,)).fetchone()
    for document in books.replica.documents_of(row[0], id):
        moved: dict[str, Value] = {}
        for register, value in document.fold().values.items():
            if _writer(document, register) == author and register != "merged_into":
                other = _replaced(value, old, new)
                if other != value:
                    moved[register] = other
        if moved:
            books.save(document.scope, [Change(document.kind, document.id, moved, document.heads())])


def _writer(document: Document, register: str) -> bytes:
    """Whose save of a register is the latest."""
    saves = [save for save in document.saves().values() if register in save.values]
    return max(saves, key=lambda save: (save.time, save.id)).author


def _replaced(value: Value, old: bytes, new: bytes) -> Value:
    if isinstance(value, bytes):
        return new if value == old else value
    if isinstance(value, list):
        return [_replaced(item, old, new) for item in value]
    if isinstance(value, dict):
        return {key: _replaced(item, old, new) for key, item in value.items()}
    return value


def _acknowledge(books: Books, document: Document) -> None:
    """Save the name that shows, knowing both sides: what they did apart is settled with that."""
    values = document.fold().values
    change = Change(document.kind, document.id, {"name": values.get("name", "")}, document.heads())
    books.save(document.scope, [change])
