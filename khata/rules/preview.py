"""What a rule would let flow, in documents and bytes, before anything does."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from crdt_models.rules import Offer, Rule
from khata.books import Books
from khata.holdings import Weight, proved_up_to, weight_of
from khata.rules.standing import branch_name
from p2p.agreements import Agreement, agreement_in_force, flow_of_offer, own_scopes
from p2p.flow import Flow, patterns_of


class Line(NamedTuple):
    """What would flow of one part of the tree, such as `masters/ledger` or `vouchers/pun`."""

    part: str
    weight: Weight


def preview(books: Books, rule: Rule | Offer) -> dict[str, Any]:
    """What a rule lets flow to the other branch, from what is here; and what of theirs may come, which is there.

    What the devices of the other branch are not granted flows to none of them, whatever the rule says, and is counted
    apart.

    Cost: one pass over the commits of the scopes concerned.
    """
    mine = books.member.branch
    terms = rule if isinstance(rule, Offer) else rule.active or rule.offer
    other = terms.target if mine == terms.source else terms.source
    agreed = None if isinstance(rule, Offer) else agreement_in_force(rule)
    gives = _flows(agreed, terms, mine, other)
    takes = _flows(agreed, terms, other, mine)
    readable = _granted(books, other)
    scopes = sorted(books.replica.store.scopes())
    flowing = [scope for scope in scopes if any(flow.matches(scope) for flow in gives)]
    held_back = [scope for scope in flowing if not any(pattern.matches(scope) for pattern in readable)]
    goes = [scope for scope in flowing if scope not in held_back]
    lines = _lines(books, goes)
    return {
        "to": branch_name(books, other),
        "documents": sum(line.weight.documents for line in lines),
        "commits": sum(line.weight.commits for line in lines),
        "bytes": sum(line.weight.bytes for line in lines),
        "parts": [{"part": line.part, **line.weight._asdict()} for line in lines],
        "delivered_already": _delivered(books, other, goes),
        "not_granted": _lines_json(_lines(books, held_back)),
        "may_come": sorted({pattern.text for flow in takes for pattern in flow.named}),
        "of_theirs_here": sum(
            line.weight.documents
            for line in _lines(books, [scope for scope in scopes if own_scopes(other).matches(scope)])
        ),
    }


def _flows(agreed: Agreement | None, terms: Offer, giver: str, taker: str) -> list[Flow]:
    if agreed is not None:
        return list(agreed.flows(giver, taker))
    return [flow_of_offer(terms, giver)]


def _granted(books: Books, branch: str) -> tuple[Any, ...]:
    """What the devices of a branch may read, or what is usual while it has none."""
    members = [one for one in books.replica.chain.members.values() if one.branch == branch and one.revoked_at is None]
    texts = [text for member in members for text in member.grant.read] or ["**"]
    return patterns_of(tuple(dict.fromkeys(texts)))


def _lines(books: Books, scopes: Iterable[str]) -> list[Line]:
    """How much lies in some scopes, by part of the tree."""
    parts: dict[str, list[str]] = {}
    for scope in scopes:
        parts.setdefault("/".join(scope.split("/")[:2]), []).append(scope)
    return [Line(part, weight_of(books, inside)) for part, inside in sorted(parts.items())]


def _lines_json(lines: Iterable[Line]) -> list[dict[str, Any]]:
    return [{"part": line.part, **line.weight._asdict()} for line in lines]


def _delivered(books: Books, branch: str, scopes: Iterable[str]) -> int:
    """How many commits of these scopes are proved to be with a device of a branch already."""
    replica, most = books.replica, 0
    listed = list(scopes)
    for member in replica.chain.members.values():
        if member.branch != branch or member.revoked_at is not None:
            continue
        count = sum(
            books.db.execute(
                "SELECT count(*) FROM commits WHERE scope=? AND row<=?",
                (replica.store.find_scope(scope), proved_up_to(replica, member.device, scope)),
            ).fetchone()[0]
            for scope in listed
        )
        most = max(most, count)
    return most
