"""Why something in the books was refused; each message is what the person reads."""

from crdt_models.errors import KhataError


class BooksError(KhataError):
    """A request about the books could not be carried out; nothing was changed."""


class NotFound(BooksError):
    """Nothing in the books has this name, number or id."""


class Ambiguous(BooksError):
    """Several things in the books have this name or number; the message lists their ids."""


class NotInSync(KhataError):
    """Synchronizing ended before both copies were proved to agree; what was received is kept."""
