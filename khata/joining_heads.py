"""Documents with more versions side by side than one save can know: joined in several saves first.

A save may name many parents, but they share its 16 KiB with what it says, and a faulty or hostile device can leave more
heads than fit. Saves that set nothing and know a part of them each leave fewer, until one save can know all.
"""

from collections.abc import Sequence
from typing import Final

from crdt_models.saves import ORIGIN_SETTLE
from khata.books import Books, Change
from khata.errors import NotFound

HEADS_MAX: Final = 128
"""How many parents the last save names, so that 14 KiB are left for what it says."""

_JOINED_AT_ONCE: Final = 900
"""How many a save that says nothing else names: 16 bytes each, which do not get smaller when they are compressed."""


def joined_heads(books: Books, scope: str, kind: str, id: bytes) -> Sequence[bytes]:
    """The parents for a save that knows all that is here of a document. Inside `books.writing()`.

    Raises:
        NotFound: there is no such document.

    Cost: a commit for every 900 heads, and none where there are at most `HEADS_MAX`.
    """
    while True:
        document = books.replica.document(scope, kind, id)
        if document is None:
            raise NotFound(f"there is no {kind} {id.hex()[:8]} in {scope}")
        heads = document.heads()
        if len(heads) <= HEADS_MAX:
            return heads
        books.save(scope, [Change(kind, id, {}, heads[:_JOINED_AT_ONCE])], ORIGIN_SETTLE)
