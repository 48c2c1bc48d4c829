"""The errors of documents, below the one error that everything here reports to a person with."""


class KhataError(Exception):
    """Anything that stops a request; its text says what happened, to what, and what to do next."""


class DocumentError(KhataError):
    """A document could not be read or written; nothing was changed."""


class BadValue(DocumentError):
    """A value that no register may hold: a float, a number beyond 64 bits, something nested too deeply."""


class BadSave(DocumentError):
    """Bytes that are not a save, or a save that contradicts one already held under the same id."""


class DocumentTooLarge(DocumentError):
    """A save over the size that a document may grow by at once; nothing was written."""
