"""Why a Tally file, or one record of it, is not imported."""

from crdt_models.errors import KhataError


class TallyError(KhataError):
    """Something in a Tally export that cannot be imported; nothing was changed."""


class UnreadableFile(TallyError):
    """A file that is not read at all; the text says what is wrong with it and what to export instead."""


class BadRecord(TallyError):
    """One master or voucher that is left out; the rest of the file is not affected."""
