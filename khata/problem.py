"""A problem: one thing in merged books that a person should look at, with all they need to settle it.

It says what is wrong, in which documents, who did what to them and when, which amounts are at stake, and the commands
between which to choose. A problem is a value, equal on every copy that holds the same commits, and so is its id.
"""

import hashlib
from typing import Any, Final, NamedTuple

from crdt_models.money import Amount
from crdt_models.packing import pack
from khata.showing import instant

ID_CHARS: Final = 16

Effect = tuple[tuple[str, int], ...]
"""Changes of balances: ledgers by name with ten-thousandths, debit positive."""


class Deed(NamedTuple):
    """What somebody did that has to do with a problem: one save, whose, at which branch and when."""

    device: str
    branch: str
    user: str
    time_ms: int
    what: str

    def json(self) -> dict[str, Any]:
        """As `problems --json` gives it."""
        return {
            "device": self.device,
            "branch": self.branch,
            "user": self.user,
            "at": instant(self.time_ms),
            "what": self.what,
        }


class Choice(NamedTuple):
    """One way to settle a problem: in words, as a command, and what it changes in balances."""

    words: str
    command: str
    effect: Effect = ()

    def json(self) -> dict[str, Any]:
        """As `problems --json` gives it."""
        return {"words": self.words, "command": self.command, "effect": effect_json(self.effect)}


class Problem(NamedTuple):
    """One thing to look at.

    Attributes:
        code: what kind of problem, one of `problems.CODES`.
        documents: ids in hex.
        text: a sentence.
        choices: how it is settled; none where nothing here can settle it.
        deeds: who did what, and when.
        effect: the amounts at stake by ledger, which `at_stake` explains.
        branches: codes of the branches it concerns.
        about: what it is about, where that is not just its documents: part of its identity.
    """

    code: str
    documents: tuple[str, ...]
    text: str
    choices: tuple[Choice, ...] = ()
    deeds: tuple[Deed, ...] = ()
    effect: Effect = ()
    at_stake: str = ""
    branches: tuple[str, ...] = ()
    about: tuple[str, ...] = ()

    @property
    def settle(self) -> str:
        """The first command that settles it; empty if none does."""
        return self.choices[0].command if self.choices else ""

    @property
    def id(self) -> str:
        """A name for it that is the same everywhere, for as long as it is about the same."""
        return hashlib.sha256(pack([self.code, *(self.about or self.documents)])).hexdigest()[:ID_CHARS]

    def json(self) -> dict[str, Any]:
        """As `problems --json` gives it."""
        return {
            "id": self.id,
            "code": self.code,
            "documents": list(self.documents),
            "text": self.text,
            "settle": self.settle,
            "settle_choices": [choice.json() for choice in self.choices],
            "who": [deed.json() for deed in self.deeds],
            "branches": list(self.branches),
            "effect": effect_json(self.effect),
            "at_stake": self.at_stake,
        }


def effect_json(effect: Effect) -> list[dict[str, str]]:
    """Changes of balances as JSON."""
    return [{"ledger": ledger, "amount": Amount(amount).text} for ledger, amount in effect]
