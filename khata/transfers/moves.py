"""All transfers with what each leg moved, from a few passes over the tables: what lists, reports and problems share."""

from typing import Final, NamedTuple

from khata.books import Books
from khata.reports.chart import Chart
from khata.transfers.accounts import account_ledgers
from khata.transfers.rows import CANCELLED, RECEIVED, SENT, UNKNOWN, UNSENT

_LEGS: Final = "FROM transfers t JOIN vouchers v ON v.id IN (t.id, -t.id)"


class LegMoved(NamedTuple):
    """One leg: its number and date, and what it put on the account of the other branch (ten-thousandths, as booked).

    Attributes:
        goods: quantity of each item by local id, in millionths; out of stock negative.
        lost: what it books as lost on the way.
        posted: whether it counts; what does not moves nothing, and says so in `goods` and `amount` all the same.
    """

    number: str
    date: str
    branch: str
    posted: bool
    cancelled: bool
    amount: int
    goods: dict[int, int]
    lost: int = 0


class Move(NamedTuple):
    """One transfer; `sender` and `receiver` are codes, empty where nobody can tell."""

    row: int
    document: bytes
    scope: str
    sender: str
    receiver: str
    carries: str
    state: str
    dispatch: LegMoved | None
    receipt: LegMoved | None

    @property
    def amount(self) -> int:
        """What its legs that count leave on both accounts together: nothing when they mirror each other."""
        return sum(leg.amount for leg in (self.dispatch, self.receipt) if leg is not None and leg.posted)

    @property
    def goods(self) -> dict[int, int]:
        """What of each item was sent and did not arrive, where anything is left; what came beyond is negative."""
        left: dict[int, int] = {}
        for leg in (self.dispatch, self.receipt):
            if leg is not None and leg.posted:
                for item, quantity in leg.goods.items():
                    left[item] = left.get(item, 0) - quantity
        return {item: quantity for item, quantity in left.items() if quantity}

    @property
    def in_transit(self) -> bool:
        """Whether it was sent and has not arrived."""
        return self.state == SENT

    @property
    def differs(self) -> bool:
        """Whether both legs are here and do not mirror each other; goods that were written off are accounted for."""
        return self.state == RECEIVED and bool(self.amount or (self.goods and not self.lost))

    @property
    def lost(self) -> int:
        """What its legs that count book as lost on the way."""
        return sum(leg.lost for leg in (self.dispatch, self.receipt) if leg is not None and leg.posted)

    @property
    def order(self) -> tuple[str, str, bytes, str]:
        """By date and number of what came first; the same on every copy."""
        leg = self.dispatch or self.receipt
        return (leg.date, leg.number, self.document, self.scope) if leg else ("", "", self.document, self.scope)


def all_moves(books: Books, until: str = "") -> list[Move]:
    """Every transfer, by date and number.

    Args:
        until: a date; legs of later days are taken for not made yet. Empty for all.

    Cost: about 25 µs a transfer.
    """
    legs = _legs(books, until)
    found = []
    for row, document, scope, sender, receiver, carries, state in books.db.execute(
        "SELECT t.id, t.document, s.path, a.code, b.code, t.carries, t.state FROM transfers t "
        "JOIN scopes s ON s.id=t.scope LEFT JOIN branches a ON a.id=t.sender LEFT JOIN branches b ON b.id=t.receiver"
    ).fetchall():
        dispatch, receipt = legs.get(row), legs.get(-row)
        if until and dispatch is None and receipt is None:
            continue
        state = _state(state, dispatch, receipt)
        ends = sender or "", receiver or ""
        found.append(Move(row, bytes(document), scope, *ends, carries, state, dispatch, receipt))
    return sorted(found, key=lambda move: move.order)


def _state(state: str, dispatch: LegMoved | None, receipt: LegMoved | None) -> str:
    """The state as of a date, when the state now is this."""
    if state in (UNKNOWN, CANCELLED):
        return state
    if dispatch is None:
        return UNSENT
    return SENT if receipt is None or receipt.cancelled else RECEIVED


def _legs(books: Books, until: str) -> dict[int, LegMoved]:
    """The legs by their local id in `vouchers`."""
    amounts, goods, lost = _amounts(books), _goods(books), _lost(books)
    rows = books.db.execute(
        f"SELECT v.id, v.number, v.date, b.code, v.posted, v.cancelled {_LEGS} JOIN branches b ON b.id=v.branch"
    )
    return {
        row: LegMoved(
            number,
            date,
            code,
            bool(posted),
            bool(cancelled),
            amounts.get(row, 0),
            dict(goods.get(row, {})),
            lost.get(row, 0),
        )
        for row, number, date, code, posted, cancelled in rows.fetchall()
        if not until or date <= until
    }


def _amounts(books: Books) -> dict[int, int]:
    """What each leg put on the account of the branch at its other end."""
    accounts = account_ledgers(books)
    rows = books.db.execute(
        "SELECT e.voucher, e.ledger, e.amount_e4, o.code FROM transfers t JOIN entries e ON e.voucher IN (t.id, -t.id) "
        "JOIN branches o ON o.id=iif(e.voucher<0, t.sender, t.receiver)"
    )
    found: dict[int, int] = {}
    for voucher, ledger, amount, other in rows.fetchall():
        if accounts.get(ledger) == other:
            found[voucher] = found.get(voucher, 0) + amount
    return found


def _lost(books: Books) -> dict[int, int]:
    """What each leg debits to expenses beside the ledger that its goods pass through."""
    rows = books.db.execute(
        "SELECT e.voucher, e.ledger, e.amount_e4 FROM transfers t JOIN entries e ON e.voucher IN (t.id, -t.id) "
        "WHERE e.amount_e4>0 AND e.line>1 AND NOT EXISTS "
        "(SELECT 1 FROM stock_lines s WHERE s.voucher=e.voucher AND s.ledger=e.ledger)"
    ).fetchall()
    found: dict[int, int] = {}
    chart = Chart(books) if rows else None
    for voucher, ledger, amount in rows:
        if chart is not None and chart.account(ledger).nature == "expenses":
            found[voucher] = found.get(voucher, 0) + amount
    return found


def _goods(books: Books) -> dict[int, dict[int, int]]:
    """The quantity of each item that each leg moved; merged items are one."""
    rows = books.db.execute(
        "SELECT s.voucher, s.item, s.quantity_e6 FROM transfers t JOIN stock_lines s ON s.voucher IN (t.id, -t.id)"
    )
    found: dict[int, dict[int, int]] = {}
    for voucher, item, quantity in rows.fetchall():
        of = found.setdefault(voucher, {})
        end = books.names.effective("stock-item", item)
        of[end] = of.get(end, 0) + quantity
    return found
