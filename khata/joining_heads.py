"""Documents with more versions side by side than one save can know: joined in several saves first.

A save names at most `PARENTS_MAX` parents, and a faulty or hostile device can leave more heads than that. Saves that
set nothing and know a part of them each leave fewer, until one save can know all.
"""

from collections.abc import Sequence

from crdt_models.saves import ORIGIN_SETTLE, PARENTS_MAX
from khata.books import Books, Change
from khata.errors import NotFound


def joined_heads(books: Books, scope: str, kind: str, id: bytes) -> Sequence[bytes]:
    """The parents for a save that knows all that is here of a document. Inside `books.writing()`.

    Raises:
        NotFound: there is no such document.

    Cost: a commit for every `PARENTS_MAX` heads, and none where there are no more than that.
    """
    while True:
        document = books.replica.document(scope, kind, id)
        if document is None:
            raise NotFound(f"there is no {kind} {id.hex()[:8]} in {scope}")
        heads = document.heads()
        if len(heads) <= PARENTS_MAX:
            return heads
        books.save(scope, [Change(kind, id, {}, heads[:PARENTS_MAX])], ORIGIN_SETTLE)
