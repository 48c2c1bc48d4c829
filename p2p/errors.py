"""The errors of the exchange between devices; each message is what a person reads."""

from typing import Final

import msgspec

from crdt_models.errors import KhataError

DECODE_ERRORS: Final = (msgspec.MsgspecError, RecursionError, ValueError, OverflowError)
"""All that msgspec raises for bytes of any origin: wrong types, bottomless nesting, text that is not UTF-8."""


class P2PError(KhataError):
    """Something about keys, commits, the control chain, the store or a conversation went wrong."""


class ProtocolError(P2PError):
    """A conversation cannot go on."""


class RemoteProtocolError(ProtocolError):
    """The other side broke the protocol; the session says goodbye with `code` and `text` and is closed for good.

    Args:
        code: the word that goes into the goodbye, such as `"malformed"`.
        text: the sentence that goes with it and into the log.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class ChainError(P2PError):
    """A control entry does not fit the company's control chain; the chain is unchanged."""


class StoreError(P2PError):
    """The store of commits could not be read or written; nothing of the batch was kept."""


class TicketError(P2PError):
    """An invitation ticket is mistyped, damaged, expired or used."""


class BadScope(P2PError):
    """Text that is not a path, or not a pattern, in the tree of scopes."""


class BadKey(P2PError):
    """A sealed key was not sealed for this device, company, epoch and path, or was damaged."""


class BadPhrase(P2PError):
    """A recovery phrase has a wrong number of words, an unknown word, or words that do not belong together."""


class BadSpelling(P2PError):
    """Spelled-out bytes, such as a device id, were mistyped; the message names the group."""


class KeyFileError(P2PError):
    """The file with this device's private keys is missing, damaged, or locked with another passphrase."""


class BadCommit(P2PError):
    """Bytes that are not a commit, or a commit that does not open to documents; the message is the reason shown."""


class CommitTooLarge(BadCommit):
    """Documents that do not fit into one commit; nothing was made."""


def first_error(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error in a group of errors and groups: what went wrong, where one thing went wrong."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
