"""Versions of documents as people hand them back: the ids of its heads, in hex, joined by dots.

Whoever alters a document says which version they were looking at, so an edit that arrived meanwhile is never
swallowed; it becomes a conflict.
"""

from collections.abc import Sequence
from typing import Final

from crdt_models.document import Document
from khata.errors import BooksError

_SEPARATOR: Final = "."


def version_text(heads: Sequence[bytes]) -> str:
    """How a version is shown."""
    return _SEPARATOR.join(head.hex() for head in heads)


def read_version(document: Document, text: str) -> tuple[bytes, ...]:
    """The heads that a version names; empty text is the version now.

    Raises:
        BooksError: this document never had such a version, as far as is known here.
    """
    if not text:
        return document.heads()
    try:
        heads = tuple(sorted(bytes.fromhex(part) for part in text.split(_SEPARATOR)))
    except ValueError:
        heads = ()
    if not heads or any(head not in document.saves() for head in heads):
        raise BooksError(f"{text[:80]!r} is not a version of this document; `show` gives the version now")
    return heads
