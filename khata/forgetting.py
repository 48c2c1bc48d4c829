"""Forgetting what a narrowed rule or grant has left behind: it stays with those who may have it, and goes from here."""

from typing import Any, Final, NamedTuple

from khata.books import Books
from khata.errors import BooksError
from khata.holdings import Weight, proved_up_to, weight_of
from p2p.agreements import Agreement, agreement_in_force, own_scopes
from p2p.commit import read_header
from p2p.removing import Removed, remove_scopes
from p2p.rules import rules_in
from p2p.scope import is_within

_CONTROL: Final = "control"


class Leftover(NamedTuple):
    """What is here though no rule and no grant lets it come here any more.

    Attributes:
        scopes: what can be forgotten.
        weight: how much that is.
        kept: scopes that have to stay, each with the reason.
    """

    scopes: tuple[str, ...]
    weight: Weight
    kept: tuple[tuple[str, str], ...]

    def json(self) -> dict[str, Any]:
        """As programs read it."""
        return {
            "scopes": list(self.scopes),
            **self.weight._asdict(),
            "kept": [{"scope": scope, "reason": reason} for scope, reason in self.kept],
        }


def leftover(books: Books) -> Leftover:
    """What `forget` would remove. A paused rule still names what it names; only what nothing names is left over.

    Cost: one pass over the commits of these scopes.
    """
    replica = books.replica
    held = sorted(scope for scope, digest in replica.store.scopes().items() if digest.size)
    beyond = [scope for scope in held if not _named(books, scope)]
    scopes, kept = [], []
    for scope in beyond:
        reason = _why_kept(books, scope)
        if reason:
            kept.append((scope, reason))
        else:
            scopes.append(scope)
    return Leftover(tuple(scopes), weight_of(books, scopes), tuple(kept))


def _named(books: Books, scope: str) -> bool:
    """Whether something lets a scope be here: it is this branch's own, a device of it has it, or a rule names it.

    A rule that only sends it from here names it too: those who receive it have it of this branch, which may be the only
    one that keeps it for those to come.
    """
    member, chain = books.member, books.replica.chain
    if is_within(scope, _CONTROL) or own_scopes(member.branch).matches(scope):
        return True
    if not member.grant.may_read(scope):
        return False
    siblings = [one for one in chain.members.values() if one.branch == member.branch and one.revoked_at is None]
    if len(siblings) > 1 and any(one.grant.may_read(scope) for one in siblings if one.device != member.device):
        return True
    return any(_names(one, member.branch, scope) for one in _agreements(books))


def _names(rule: Agreement, mine: str, scope: str) -> bool:
    """Whether a rule lets a scope come here, or go from here to a branch whose own it is not."""
    other = rule.other(mine)
    comes = any(flow.matches(scope) for flow in rule.flows(other, mine))
    goes = any(flow.matches(scope) for flow in rule.flows(mine, other))
    return comes or (goes and not own_scopes(other).matches(scope))


def _agreements(books: Books) -> list[Agreement]:
    """The rules that hold, paused ones too: pausing is no reason to forget."""
    rules = rules_in(books.replica.documents, books.replica.chain)
    return [one for one in map(agreement_in_force, rules) if one is not None]


def _why_kept(books: Books, scope: str) -> str:
    """Why a scope has to stay though nothing names it; empty where it need not."""
    replica = books.replica
    number = replica.store.find_scope(scope)
    rows = books.db.execute("SELECT row, header FROM commits WHERE scope=?", (number,)).fetchall()
    ours = {author for author, member in replica.chain.members.items() if member.branch == books.member.branch}
    mine = [row for row, header in rows if read_header(header).author in ours]
    if not mine:
        return ""
    for member in replica.chain.members.values():
        if proved_up_to(replica, member.device, scope) >= max(mine):
            return ""
    return "some of it was entered at this branch and is not proved to be with anybody else"


def forget(books: Books, expected: Leftover) -> Removed:
    """Remove what a preview named.

    Raises:
        BooksError: something has come or changed since; look again.
    """
    with books.writing():
        if leftover(books) != expected:
            raise BooksError("something has changed meanwhile; run the command again to see what would be removed now")
        return remove_scopes(books.replica, expected.scopes)
