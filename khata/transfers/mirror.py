"""Do the accounts of two branches mirror each other, and if not, why?

What one branch has on the account of the other, and the other on the account of the one, add up to nothing once all
that was sent has arrived. Whatever is left has reasons, and the reasons add up to it exactly: transfers in transit,
legs that differ, and ordinary vouchers that one branch booked on the account of the other without an answer there.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from crdt_models.money import Amount, Quantity
from khata.books import Books
from khata.reports.span import EVERYTHING, Span, branch_code
from khata.transfers.accounts import account_ledgers, branch_name, live_accounts
from khata.transfers.moves import LegMoved, Move, all_moves

Json = dict[str, Any]
Pair = tuple[str, str]

IN_TRANSIT: Final = "in-transit"
DIFFERS: Final = "legs-differ"
NOT_SENT: Final = "receipt-without-dispatch"
ONE_SIDED: Final = "one-sided"
KINDS: Final = (IN_TRANSIT, DIFFERS, NOT_SENT, ONE_SIDED)


class Booked(NamedTuple):
    """What one voucher put on branch accounts in its branch's books."""

    date: str
    number: str
    document: bytes
    scope: str
    leg: str
    branch: str
    other: str
    amount: int


def mirror_report(books: Books, span: Span = EVERYTHING) -> Json:
    """The accounts of each two branches that have any, what is in transit between them, and why they do not mirror.

    Args:
        span: `until` takes everything as it stood at the end of that day, `branch` only pairs with that branch.

    Raises:
        BadValue: `until` is not a date.
        NotFound: the company has no such branch.

    Cost: one look at each entry on a branch account, and at each transfer.
    """
    span = span._replace(since="")
    condition, values = span._replace(branch="").condition(books)
    booked = list(_booked(books, condition, values))
    moves = all_moves(books, span.until)
    wanted = branch_code(books, span.branch) if span.branch else ""
    pairs = sorted({_pair(one.branch, one.other) for one in booked if one.branch != one.other} | _of_moves(moves))
    found = [_pair_report(books, pair, booked, moves) for pair in pairs if not wanted or wanted in pair]
    own = [one for one in booked if one.branch == one.other and wanted in ("", one.branch)]
    return {
        "until": span.until,
        "mirrors": all(pair["mirrors"] for pair in found) and not own,
        "pairs": found,
        "on_own_account": [_voucher(one) for one in own],
        "openings": _openings(books),
    }


def _pair(one: str, other: str) -> Pair:
    return (one, other) if one < other else (other, one)


def _of_moves(moves: list[Move]) -> set[Pair]:
    return {_pair(move.sender, move.receiver) for move in moves if move.sender and (move.dispatch or move.receipt)}


def _booked(books: Books, condition: str, values: list[Any]) -> Iterator[Booked]:
    """What every voucher put on each branch's account, by date and number."""
    accounts = account_ledgers(books)
    if not accounts:
        return
    marks = ", ".join("?" * len(accounts))
    rows = books.db.execute(
        "SELECT e.voucher, e.ledger, e.amount_e4, v.date, v.number, v.document, s.path, v.leg, b.code FROM entries e "
        "JOIN vouchers v ON v.id=e.voucher JOIN scopes s ON s.id=v.scope JOIN branches b ON b.id=e.branch "
        f"WHERE e.posted=1 AND e.ledger IN ({marks}) AND {condition}",
        [*accounts, *values],
    )
    found: dict[tuple[int, str], Booked] = {}
    for voucher, ledger, amount, date, number, document, scope, leg, branch in rows.fetchall():
        key = voucher, accounts[ledger]
        before = found.get(key)
        more = amount + (before.amount if before is not None else 0)
        found[key] = Booked(date, number, bytes(document), scope, leg, branch, accounts[ledger], more)
    yield from sorted(found.values())


def _pair_report(books: Books, pair: Pair, booked: list[Booked], moves: list[Move]) -> Json:
    between = [one for one in booked if one.branch != one.other and _pair(one.branch, one.other) == pair]
    sides = [sum(one.amount for one in between if one.branch == branch) for branch in pair]
    ours = [move for move in moves if move.sender and _pair(move.sender, move.receiver) == pair]
    reasons = [*_of_transfers(books, ours), *_of_vouchers(between, {move.document for move in ours})]
    transit = {
        carries: sum(move.amount for move in ours if move.in_transit and move.carries == carries)
        for carries in ("goods", "cash")
    }
    others = [reason for reason in reasons if reason["kind"] != IN_TRANSIT]
    return {
        "branches": [
            _side(books, branch, other, balance)
            for branch, other, balance in zip(pair, reversed(pair), sides, strict=True)
        ],
        "difference": Amount(sum(sides)).text,
        "in_transit": {carries: Amount(amount).text for carries, amount in transit.items()},
        "mirrors": not others,
        "reasons": reasons,
    }


def _side(books: Books, branch: str, other: str, balance: int) -> Json:
    """What one of the two has on the account of the other."""
    accounts = live_accounts(books, other)
    return {
        "code": branch,
        "name": branch_name(books, branch),
        "account": accounts[0].name if accounts else "",
        "account_id": accounts[0].document.hex() if accounts else "",
        "balance": Amount(balance).text,
    }


def _of_transfers(books: Books, moves: list[Move]) -> Iterator[Json]:
    for move in moves:
        kind = _kind(move)
        if kind:
            yield {
                "kind": kind,
                "amount": Amount(move.amount).text,
                "text": why(books, move),
                "goods": goods_json(books, move.goods),
                "transfer": move.document.hex(),
                "vouchers": [leg_json(move, leg) for leg in (move.dispatch, move.receipt) if leg is not None],
            }


def _kind(move: Move) -> str:
    if move.in_transit:
        return IN_TRANSIT
    if move.differs:
        return DIFFERS
    return NOT_SENT if move.amount else ""


def why(books: Books, move: Move) -> str:
    """A sentence about a transfer that leaves something on the accounts."""
    receiver = branch_name(books, move.receiver)
    if move.dispatch is None:
        return f"received at {receiver}, but what was sent is not here"
    if move.in_transit:
        return f"sent on {move.dispatch.date}, not received at {receiver} yet"
    found = [
        f"{books.names.label('stock-item', item)}: {_quantity(move.dispatch, item)} sent, "
        f"{_quantity(move.receipt, item)} received"
        for item in sorted(move.goods, key=lambda item: books.names.masters("stock-item")[item].document)
    ]
    sent, came = move.dispatch.amount, -(move.receipt.amount if move.receipt else 0)
    if sent != came:
        found.append(f"{Amount(sent).text} sent, {Amount(came).text} received")
    if not move.dispatch.posted or (move.receipt is not None and not move.receipt.posted):
        found.append("one of its legs does not count")
    return "; ".join(found)


def _quantity(leg: LegMoved | None, item: int) -> str:
    return Quantity.from_e6(abs(leg.goods.get(item, 0)) if leg is not None else 0).text


def goods_json(books: Books, goods: dict[int, int]) -> list[Json]:
    """Quantities of items, by name and id."""
    named = sorted(
        (books.names.label("stock-item", item), books.names.masters("stock-item")[item].document.hex(), quantity)
        for item, quantity in goods.items()
    )
    return [
        {"item": name, "item_id": document, "quantity": Quantity.from_e6(quantity).text}
        for name, document, quantity in named
    ]


def leg_json(move: Move, leg: LegMoved) -> Json:
    """A leg as a voucher to look at."""
    return {
        "id": move.document.hex(),
        "number": leg.number,
        "date": leg.date,
        "branch": leg.branch,
        "leg": "dispatch" if leg is move.dispatch else "receipt",
        "amount": Amount(leg.amount).text,
    }


def _of_vouchers(between: list[Booked], transfers: set[bytes]) -> Iterator[Json]:
    """Vouchers without an answer: opposite amounts at both branches, oldest first, answer each other."""
    plain = [one for one in between if not one.leg or one.document not in transfers]
    waiting: dict[tuple[str, int], list[Booked]] = {}
    answered: set[Booked] = set()
    for one in plain:
        answers = waiting.get((one.other, -one.amount))
        if answers:
            answered |= {one, answers.pop(0)}
        else:
            waiting.setdefault((one.branch, one.amount), []).append(one)
    for one in plain:
        if one not in answered and one.amount:
            yield {
                "kind": ONE_SIDED,
                "amount": Amount(one.amount).text,
                "text": f"booked at {one.branch} only",
                "goods": [],
                "transfer": "",
                "vouchers": [_voucher(one)],
            }


def _voucher(one: Booked) -> Json:
    return {
        "id": one.document.hex(),
        "number": one.number,
        "date": one.date,
        "branch": one.branch,
        "leg": one.leg,
        "amount": Amount(one.amount).text,
    }


def _openings(books: Books) -> list[Json]:
    """Opening balances of branch accounts, which stand in the books of no branch and so mirror nothing."""
    names = books.names.masters("ledger")
    rows = books.db.execute("SELECT id, opening_e4 FROM ledgers WHERE opening_e4<>0 AND present").fetchall()
    accounts = account_ledgers(books)
    found = sorted(
        (names[local].name, names[local].document.hex(), opening) for local, opening in rows if local in accounts
    )
    return [{"ledger": name, "ledger_id": id, "opening": Amount(opening).text} for name, id, opening in found]
