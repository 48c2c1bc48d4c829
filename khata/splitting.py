"""Splitting a master: one id that two branches meant differently becomes two.

A device created "Asha Stores" while another, apart from it, renamed or deleted the ledger of that name. What the first
device entered moves to a new master; the other keeps the id with all that happened to it, and reads again as if that
creation had never been.
"""

from collections.abc import Sequence

from crdt_models.document import Document
from crdt_models.folding import fold
from crdt_models.masters import KINDS, blank
from crdt_models.packing import Value
from crdt_models.saves import Save
from khata.books import Books, Change
from khata.creations import SPLIT, creations_beside, is_creation, made_apart
from khata.deeds import showing
from khata.entering_masters import SavedMaster, add_master
from khata.errors import BooksError
from khata.joining_heads import joined_heads
from khata.master_problems import users_of
from khata.open_periods import check_counts
from p2p.scope import master_scope
from p2p.store import prefix_of

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
        found = books.names.find_even_merged(kind, text)
        document = books.replica.document(master_scope(kind), kind, found.document)
        assert document is not None
        creation = _creation(books, document, device)
        apart = made_apart(document, creation)
        content = {
            register: value
            for save in apart
            for register, value in sorted(save.values.items())
            if register not in _BESIDE_CONTENT and not _is_label(register)
        }
        _take_back(books, document, apart)
        made = add_master(books, kind, name, content)
        vouchers, masters = users_of(books, kind, found.local)
        for id in sorted(vouchers | masters):
            _move(books, bytes.fromhex(id), creation.author, found.document, made.id)
        _save(books, document, {f"{SPLIT}{creation.id.hex()}": made.id})
    return made


def _is_label(register: str) -> bool:
    """Whether a register says where a master came from or went, and nothing of what it is."""
    return register.startswith(("source:", SPLIT))


def _creation(books: Books, document: Document, device: str) -> Save:
    """The save with which a device created the master knowing nothing of the other; the latest of them."""
    beside = [found.creation for found in creations_beside(document)]
    created = [save for save in document.saves().values() if is_creation(save)]
    roots = [save for save in document.saves().values() if not save.parents]
    candidates = beside if beside and not device else created
    if device:
        candidates = [save for save in candidates if books.device_name(save.author) == device]
    if not candidates or len(roots) < 2:
        raise BooksError(f"{device or 'no device'} created this master beside another; there is nothing to split")
    return max(candidates, key=lambda save: (save.time, save.id))


def _take_back(books: Books, document: Document, apart: Sequence[Save]) -> None:
    """Let the master read as if those saves had never been: what they clashed with is settled by that."""
    gone = {save.id for save in apart}
    rest = fold({id: save for id, save in document.saves().items() if id not in gone}).values
    empty = blank(KINDS[document.kind])
    values: dict[str, Value] = {}
    for register in sorted({register for save in apart for register in save.values}):
        if _is_label(register):
            continue
        if register in rest:
            values[register] = rest[register]
        elif register in empty:
            values[register] = empty[register]
    _save(books, document, values)


def _save(books: Books, document: Document, values: dict[str, Value]) -> None:
    """Save with knowledge of all that is here."""
    change = Change(document.kind, document.id, values, joined_heads(books, document.scope, document.kind, document.id))
    check_counts(books, books.save(document.scope, [change]))


def _move(books: Books, id: bytes, author: bytes, old: bytes, new: bytes) -> None:
    """Let the registers of a document that an author wrote last refer to the new master."""
    rows = books.db.execute("SELECT kind, id FROM documents WHERE prefix=? ORDER BY kind", (prefix_of(id),))
    for kind in sorted({kind for kind, found in rows.fetchall() if bytes(found) == id}):
        for document in books.replica.documents_of(kind, id):
            moved: dict[str, Value] = {}
            for register, value in document.fold().values.items():
                writer = showing(document, register)
                if writer is not None and writer.author == author and register != "merged_into":
                    other = _replaced(value, old, new)
                    if other != value:
                        moved[register] = other
            if moved:
                _save(books, document, moved)


def _replaced(value: Value, old: bytes, new: bytes) -> Value:
    if isinstance(value, bytes):
        return new if value == old else value
    if isinstance(value, list):
        return [_replaced(item, old, new) for item in value]
    if isinstance(value, dict):
        return {key: _replaced(item, old, new) for key, item in value.items()}
    return value
