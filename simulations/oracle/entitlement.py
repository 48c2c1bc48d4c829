"""Whether what a copy holds may be there: by the rules it knew when it came, from the device that brought it.

Chain entries and rules come to a copy between its commits, so what was in force is followed row by row: a commit is
right if what was in force at one moment since the last check let it flow. What was held back for a while is judged by
all that was ever in force there.
"""

from collections.abc import Iterable, Iterator, Sequence

from simulations.oracle.chain import Chain
from simulations.oracle.commits import Commit, Library, Name, Save
from simulations.oracle.reading import ACCEPTED, SET_ASIDE, Copy, Row
from simulations.oracle.rules import Rule, Shares, read_rule
from simulations.oracle.scopes import any_matches, is_control

RULES = "control/rules"

Force = tuple[Chain, dict[Name, frozenset[bytes]]]
"""What was in force at a moment: the chain, and which saves of each rule were known."""


class Rulebook:
    """Reads rules, each set of saves of one under one chain once."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._rules: dict[tuple[object, ...], Rule | None] = {}
        self._shares: dict[tuple[object, ...], Shares] = {}

    def shares(self, chain: Chain, saved: dict[Name, frozenset[bytes]]) -> Shares:
        """What flows under a chain and the saves (commit ids) of each rule."""
        key = (chain.key, frozenset(saved.items()))
        if key not in self._shares:
            read = [self._rule(chain, name, ids) for name, ids in sorted(saved.items())]
            self._shares[key] = Shares(chain, [rule for rule in read if rule is not None])
        return self._shares[key]

    def _rule(self, chain: Chain, name: Name, ids: frozenset[bytes]) -> Rule | None:
        key = (chain.key, name, ids)
        if key not in self._rules:
            saves: dict[bytes, Save] = {}
            for id in ids:
                save = (self._library.commits[id].saves or {})[name]
                saves[save.id] = save
            self._rules[key] = read_rule(name, saves, chain, self._library.company)
        return self._rules[key]


class Entitlement:
    """Follows what one copy was entitled to."""

    def __init__(self, copy: Copy, rulebook: Rulebook) -> None:
        self._copy = copy
        self._rulebook = rulebook
        self._saved: dict[Name, frozenset[bytes]] = {}
        self._ever: list[Force] = []
        self._right: set[bytes] = set()
        self._held_back: set[bytes] = set()
        self._chain: Chain | None = None

    @property
    def now(self) -> Shares | None:
        """Who may give whom what, as this copy knows it; None while it holds no chain."""
        chain = self._copy.chain
        if chain is None:
            return None
        return self._rulebook.shares(chain, self._rules_here())

    def _rules_here(self) -> dict[Name, frozenset[bytes]]:
        return {
            name: frozenset(id for id in self._copy.documents[name] if self._copy.states.get(id, ACCEPTED) == ACCEPTED)
            for name in self._copy.rules
        }

    def astray(self) -> Iterator[tuple[Row, Commit, str]]:
        """The commits of the last look that may not be here, each with why."""
        copy = self._copy
        chain = copy.chain
        if chain is None:
            return
        if copy.renewed:
            self._saved = {}
        chains = _between(self._chain, chain)
        window = [(one, self._saved) for one in chains]
        for row in copy.fresh:
            commit = copy.commit(row.id)
            if commit is None:
                continue
            if row.scope == RULES and copy.states.get(row.id, ACCEPTED) in (ACCEPTED, SET_ASIDE):
                self._take_up(row.id, commit)
                window += [(one, self._in_force(one)) for one in chains]
            if row.id in self._right:
                continue
            fault = self._fault(row, commit, window, chain)
            if fault:
                yield row, commit, fault
            else:
                self._right.add(row.id)
        self._saved = self._rules_here()
        self._ever += [*window, (chain, self._saved)] if copy.fresh or copy.chain_changed else []
        self._held_back, self._chain = set(copy.held_back), chain

    def _take_up(self, id: bytes, commit: Commit) -> None:
        more = {name: self._saved.get(name, frozenset()) | {id} for name in commit.saves or () if name[1] == "rule"}
        self._saved = {**self._saved, **more}

    def _in_force(self, chain: Chain) -> dict[Name, frozenset[bytes]]:
        """What was taken up so far and counts under a chain: what is set aside now did so before its author was cut."""
        cut = {one.device[:8] for one in chain.cuts if one.covers(RULES)}
        return {name: frozenset(id for id in ids if self._counts(id, cut)) for name, ids in self._saved.items()}

    def _counts(self, id: bytes, cut: set[bytes]) -> bool:
        commit = self._copy.commit(id)
        is_accepted = self._copy.states.get(id, ACCEPTED) == ACCEPTED
        return is_accepted or (commit is not None and commit.author not in cut)

    def _fault(self, row: Row, commit: Commit, window: Sequence[Force], chain: Chain) -> str:
        line = chain.line_of(*commit.seen)
        if line is None:
            return "it was made with knowledge of control entries that are not here"
        if not line.may_write(commit.author, commit.scope, commit.seen[0]):
            return "its author had no right to write there"
        if is_control(row.scope) or commit.author == self._copy.device[:8]:
            return ""
        if not row.source:
            return "it was made here in the name of another device"
        if self._might_flow(row, reversed(window)):
            return ""
        giver = chain.member(row.source)
        if giver is not None and giver.revoked is not None and giver.device[:8] == commit.author:
            # A revoked device hands over what it made itself, to be set aside.
            return ""
        if row.id in self._held_back and self._might_flow(row, self._ever):
            return ""
        return "no rule let it flow from there"

    def _might_flow(self, row: Row, forces: Iterable[Force]) -> bool:
        return any(
            self._rulebook.shares(chain, saved).may_flow(row.source, self._copy.device, row.scope)
            for chain, saved in forces
        )

    def may_show(self, scope: str) -> bool:
        """Whether this copy was ever granted to read a scope."""
        chain, author = self._copy.chain, self._copy.device[:8]
        lines = () if chain is None else (chain.members, *(line.members for line in chain.losing))
        ever = [members[author].ever_read for members in lines if author in members]
        return bool(ever) and (is_control(scope) or any(any_matches(read, scope) for read in ever))


def _between(before: Chain | None, now: Chain) -> list[Chain]:
    """The chain as it may have been at each entry since the last look, those of lines that have lost among them."""
    if before is not None and before.key == now.key:
        return [now]
    known = {hash for hashes in before.hashes for hash in hashes} if before is not None else set()
    found = [] if before is None else [before]
    # The latest of the line that stands is asked first, and nearly always answers.
    for line, hashes in zip((*reversed(now.losing), now.best), (*reversed(now.hashes[1:]), now.hashes[0]), strict=True):
        for entry in line.entries():
            if entry.hash not in known:
                known.add(entry.hash)
                found.append(Chain(entry, (), entry.members, entry.cuts, (hashes[: entry.seq + 1],)))
    return [*found, now]
