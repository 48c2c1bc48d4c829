"""What people call a document: the number of a voucher with its type, the name of a master."""

from crdt_models.masters import KINDS
from crdt_models.rules import KIND as RULE
from crdt_models.transfers import KIND as TRANSFER
from crdt_models.vouchers import KIND as VOUCHER
from khata.books import Books
from khata.naming import Names
from p2p.device_notes import DEVICE_KIND
from p2p.rules import rule_in
from p2p.scope import KEYS_KIND, PAIRS_SCOPE, RECOVERY_KEYS_SCOPE, keys_scope


def document_name(books: Books, names: Names, row: int, kind: str, id: bytes, scope: str) -> str:
    """The name of a document as it is now; the beginning of its id where it has none.

    Args:
        row: its local number.
    """
    if kind in (VOUCHER, TRANSFER):
        found = books.db.execute(
            "SELECT type, number FROM vouchers WHERE id IN (?, ?) ORDER BY number='', id DESC", (row, -row)
        ).fetchone()
        if found is not None and found[1]:
            return f"{names.label('voucher-type', found[0])} {found[1]}".strip() if kind == VOUCHER else str(found[1])
    if kind in KINDS:
        master = names.by_document(kind, id)
        if master is not None and master.name:
            return master.name
    if kind == KEYS_KIND:
        return keys_owner(books, scope)
    if kind == RULE:
        rule = rule_in(books.replica.documents, books.replica.chain, id)
        return rule.offer.name if rule is not None else id.hex()[:8]
    if kind == DEVICE_KIND:
        devices = (one for one in books.replica.chain.members.values() if one.device.startswith(id))
        return next((member.name for member in devices), id.hex()[:8])
    return id.hex()[:8]


def keys_owner(books: Books, scope: str) -> str:
    """For whom the keys in a scope are sealed: a device by name, or the recovery phrase."""
    if scope == RECOVERY_KEYS_SCOPE:
        return "the recovery phrase"
    if scope == PAIRS_SCOPE:
        return "transfers between branches"
    members = books.replica.chain.members.values()
    return next((member.name for member in members if keys_scope(member.author) == scope), scope.rpartition("/")[2])
