"""All that the oracle knows of one company, and what was told to it."""

from collections.abc import Iterator
from pathlib import Path

from simulations.oracle.books import Books
from simulations.oracle.chain import Lines
from simulations.oracle.claims import Claims
from simulations.oracle.commits import Library
from simulations.oracle.entitlement import Entitlement, Rulebook
from simulations.oracle.keys import Keys
from simulations.oracle.looking import Done
from simulations.oracle.reading import Copy
from simulations.oracle.rules import Shares

Fault = tuple[str, str]
"""Which check, and a sentence."""


class Watched:
    """The copies of one company.

    Attributes:
        copies: by the names that the world gives them.
        entitled: what each was entitled to.
        books: the tables of each device.
        acknowledged: by device, the commits that people were told are saved.
        doubled: by device, the numbers that several vouchers have there.
        shown: by device, what its tables say of each voucher, as of the last check of everything.
        numbers_may_double: whether a disk was cloned or put back.
        done: by device, what people saved since the last look, and what they were looking at.
        shares_before: by relay, who might give whom what at the last look.
        put_back: devices and relays whose disk was put back, or of which there are two.
    """

    def __init__(self) -> None:
        self.keys = Keys()
        self.seal_secrets: dict[bytes, bytes] = {}
        self.library = Library(self.keys, self.seal_secrets)
        self.lines = Lines()
        self.claims = Claims()
        self.copies: dict[str, Copy] = {}
        self.entitled: dict[str, Entitlement] = {}
        self.books: dict[str, Books] = {}
        self.acknowledged: dict[str, set[bytes]] = {}
        self.doubled: dict[str, dict[tuple[str, str], int]] = {}
        self.shown: dict[str, dict[bytes, dict[str, list[object]]]] = {}
        self.numbers_may_double = False
        self.done: dict[str, list[Done]] = {}
        self.put_back: set[bytes] = set()
        self.shares_before: dict[str, Shares | None] = {}
        self._rulebook = Rulebook(self.library)

    def add(self, name: str, path: Path, device: bytes, is_relay: bool) -> None:
        """Watch a further copy."""
        copy = self.copies[name] = Copy(name, path, device, self.library, self.lines, is_relay)
        self.entitled[name] = Entitlement(copy, self._rulebook)
        self.acknowledged[name], self.done[name] = set(), []
        if not is_relay:
            self.books[name] = Books(copy)

    def drop(self, name: str) -> None:
        """Watch a copy no longer."""
        for known in (self.copies, self.entitled, self.books, self.acknowledged, self.doubled, self.shown, self.done):
            known.pop(name, None)
        self.claims.forget(name)

    def devices(self) -> Iterator[Copy]:
        """The copies that people work at, of members that were not revoked."""
        return (copy for copy in self.belonging() if not copy.is_relay)

    def belonging(self) -> Iterator[Copy]:
        """The copies of members that were not revoked, as far as any copy knows."""
        chains = {copy.chain for copy in self.copies.values() if copy.chain is not None}
        for copy in self.copies.values():
            members = [member for chain in chains if (member := chain.member(copy.device)) is not None]
            if members and all(member.revoked is None for member in members):
                yield copy
