"""Who works at this installation: the name that stands in every save, asked for once and kept beside the books."""

from typing import Final

from crdt_models.saves import USER_CHARS_MAX
from khata.books import USER_META, Books, open_store
from khata.errors import BooksError
from khata.folder import BooksFolder

_HOW: Final = "give one such as --user 'Asha Kulkarni'"


def checked_user(name: str) -> str:
    """A name as it will stand in saves: without spaces around it or in runs.

    Raises:
        BooksError: it is empty, too long, or cannot be printed.
    """
    text = " ".join(name.split())
    if not text:
        raise BooksError(f"whoever works needs a name, because every save carries it; {_HOW}")
    if len(text) > USER_CHARS_MAX or not text.isprintable():
        raise BooksError(f"{text[:40]!r} cannot be a name: at most {USER_CHARS_MAX} printable characters; {_HOW}")
    return text


def stored_user(folder: BooksFolder) -> str:
    """The name that was given at this installation; empty where none was."""
    if not folder.database.exists():
        return ""
    store = open_store(folder)
    try:
        return (store.meta(USER_META) or b"").decode("utf-8", "replace")
    finally:
        store.close()


def user_of(books: Books) -> str:
    """The name kept beside these books, whoever works on them just now."""
    return (books.replica.store.meta(USER_META) or b"").decode("utf-8", "replace")


def set_user(books: Books, name: str) -> str:
    """Let another name stand in what is saved here from now on; what was saved keeps the name it was saved under.

    Raises:
        BooksError: it cannot be a name; nothing was changed.
    """
    name = checked_user(name)
    with books.replica.transaction():
        books.replica.store.set_meta(USER_META, name.encode())
    books.user = name
    return name
