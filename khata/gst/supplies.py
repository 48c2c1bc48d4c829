"""A voucher read as the supply it records: what was supplied, at what rates, where, and the tax that was entered.

The value that tax is on comes from the posting itself: from item lines, and from the ledgers on which sales, purchases,
incomes, expenses and assets are booked, less what item lines account for. The same reading serves the check of a
voucher that is being entered, the GST report and the return.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from khata.books import Books
from khata.gst.heads import CESS, CGST, HEADS, IGST, SGST, Heads
from khata.gst.places import Parties, Party, Place, Registration, Registrations, place_of
from khata.gst.rates import NOTHING_SAID, TAXABLE, Rates, Taxed, percentage
from khata.gst.roles import OTHER, ROUNDING, SUPPLY, TAX, Roles
from khata.gst.split import RUPEE_E4, Levy

SALES: Final = "sales"
PURCHASE: Final = "purchase"
CREDIT_NOTE: Final = "credit-note"
DEBIT_NOTE: Final = "debit-note"
BASES: Final = (SALES, PURCHASE, CREDIT_NOTE, DEBIT_NOTE)
"""The base types whose vouchers record supplies; tax in others is an adjustment, such as its payment."""

_AT: Final = {CGST: 0, SGST: 1, IGST: 2, CESS: 3}


class Header(NamedTuple):
    """What is known of a voucher beside its lines; ids of masters are local."""

    voucher: int
    document: bytes
    number: str
    date: str
    base: str
    type: int | None
    party: int | None
    branch: str
    place_of_supply: str
    party_gstin: str


class EntryLine(NamedTuple):
    """One ledger line: local ledger id, amount (debit positive), and the GST rate it names."""

    ledger: int
    amount: int
    gst_rate: str


class ItemLine(NamedTuple):
    """One stock line with a value: local ids, amount and quantity positive into stock."""

    item: int
    ledger: int | None
    amount: int
    quantity: int
    unit: int | None


class Component(NamedTuple):
    """One thing supplied: its value, how it is taxed, and its quantity where it is counted.

    Attributes:
        value: positive where it adds to the supply, negative in a note that takes back.
        kind: `stock-item` or `ledger`, of the master with the local id `master`.
    """

    value: int
    taxed: Taxed
    kind: str
    master: int
    quantity: int = 0
    unit: int | None = None


class Supply(NamedTuple):
    """A voucher as a supply.

    Attributes:
        outward: the company supplies; else it is supplied.
        tax: as entered, positive where it adds to what is owed or credited.
        value: of the whole document, tax and rounding included, with the sign of the components.
    """

    header: Header
    outward: bool
    registration: Registration
    party: Party
    gstin: str
    place: Place
    components: tuple[Component, ...]
    tax: Heads
    value: int

    @property
    def order(self) -> tuple[str, str, bytes, bool]:
        """Its place among supplies, the same on every copy: by date, number and id; a dispatch before its receipt."""
        return self.header.date, self.header.number, self.header.document, self.header.voucher < 0


class _Lines:
    """Lines of vouchers from a query in order of voucher, handed out voucher by voucher in the same order."""

    def __init__(self, rows: Iterator[tuple[Any, ...]]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def of(self, voucher: int) -> list[tuple[Any, ...]]:
        found = []
        row = self._next
        while row is not None and row[0] == voucher:
            found.append(row[1:])
            row = next(self._rows, None)
        self._next = row
        return found


class Supplies:
    """Reads vouchers as supplies; remembers what it has read of masters, so it serves one moment of the books."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.roles = Roles(books)
        self.rates = Rates(books)
        self.registrations = Registrations(books)
        self.parties = Parties(books)

    def read(self, header: Header, entries: Iterable[EntryLine], items: Sequence[ItemLine]) -> Supply:
        """The supply that a voucher of one of `BASES` records."""
        tax = [0] * len(HEADS)
        supplied: list[EntryLine] = []
        rest = paid = 0
        party = None if header.party is None else self.roles.effective(header.party)
        roles = self.roles
        for entry in entries:
            ledger = roles.effective(entry.ledger)
            role = OTHER if ledger == party else roles.role(ledger)
            if role == TAX:
                tax[_AT[roles.head(ledger)]] += entry.amount
            elif role == SUPPLY:
                supplied.append(entry)
            elif role == OTHER:
                rest += entry.amount
                paid += entry.amount if ledger == party else 0
        outward = self._is_outward(header.base, supplied)
        sign = -1 if outward else 1
        own = self.registrations.of(header.branch)
        standing = self.parties.of(header.party)
        gstin = header.party_gstin or standing.gstin
        return Supply(
            header=header,
            outward=outward,
            registration=own,
            party=standing,
            gstin=gstin,
            place=place_of(outward, own, standing, header.place_of_supply, header.party_gstin),
            components=tuple(self._components(header.date, sign, supplied, items)),
            tax=Heads(*(sign * amount for amount in tax)),
            value=-sign * (paid or rest),
        )

    def all(self, condition: str, values: Sequence[Any]) -> Iterator[Supply]:
        """Every supply in the books that counts, one at a time, in no order that another copy would share.

        Args:
            condition: SQL over `vouchers v`, with its values.

        Cost: three passes in SQL side by side, and about 35 µs a voucher.
        """
        where = f"v.posted=1 AND v.base IN ({', '.join(repr(base) for base in BASES)}) AND {condition}"
        db = self.books.db
        headers = db.execute(
            "SELECT v.id, v.document, v.number, v.date, v.base, v.type, v.party, b.code, v.place_of_supply, "
            f"v.party_gstin FROM vouchers v JOIN branches b ON b.id=v.branch WHERE {where} ORDER BY v.id",
            values,
        )
        entries = _Lines(
            db.execute(
                "SELECT e.voucher, e.ledger, e.amount_e4, e.gst_rate FROM vouchers v JOIN entries e ON e.voucher=v.id "
                f"WHERE {where} ORDER BY v.id, e.line",
                values,
            )
        )
        items = _Lines(
            db.execute(
                "SELECT s.voucher, s.item, s.ledger, s.amount_e4, coalesce(s.billed_e6, s.quantity_e6), s.unit "
                f"FROM vouchers v JOIN stock_lines s ON s.voucher=v.id WHERE {where} AND s.amount_e4<>0 "
                "ORDER BY v.id, s.line",
                values,
            )
        )
        for row in headers:
            lines = (EntryLine(*line) for line in entries.of(row[0]))
            yield self.read(Header(*row), lines, [ItemLine(*line) for line in items.of(row[0])])

    def _is_outward(self, base: str, supplied: Sequence[EntryLine]) -> bool:
        """Notes are mostly to customers if credit, to suppliers if debit, unless their lines say otherwise."""
        if base in (SALES, PURCHASE):
            return base == SALES
        earned = any(self.roles.is_income(entry.ledger) for entry in supplied)
        spent = any(self.roles.is_expense(entry.ledger) for entry in supplied)
        if earned != spent:
            return earned
        return base == CREDIT_NOTE

    def _components(
        self, date: str, sign: int, supplied: list[EntryLine], items: Sequence[ItemLine]
    ) -> Iterable[Component]:
        left = list(supplied)
        for line in items:
            at = self._booked_on(line, left)
            if at is None:
                continue
            entry = left[at]
            taxed = self._taxed_item(line.item, entry, date)
            yield Component(sign * line.amount, taxed, "stock-item", line.item, sign * line.quantity, line.unit)
            left[at] = entry._replace(amount=entry.amount - line.amount)
        for entry in left:
            if not entry.amount:
                continue
            taxed = self._taxed_ledger(entry, date)
            # A paisa or two on an income or expense that nobody taxes is rounding, whatever the ledger is called.
            if taxed != NOTHING_SAID or abs(entry.amount) >= RUPEE_E4:
                yield Component(sign * entry.amount, taxed, "ledger", entry.ledger)

    def _booked_on(self, line: ItemLine, left: Sequence[EntryLine]) -> int | None:
        """Which ledger line holds the value of an item line: the one of its amount, or else the largest that can."""
        same = None if line.ledger is None else self.roles.effective(line.ledger)
        open_ = [
            at
            for at, entry in enumerate(left)
            if entry.amount and (same is None or self.roles.effective(entry.ledger) == same)
        ]
        for at in open_:
            if left[at].amount == line.amount:
                return at
        fitting = [at for at in open_ if left[at].amount * line.amount > 0]
        return max(fitting, key=lambda at: (abs(left[at].amount), -at), default=None)

    def _taxed_item(self, item: int, entry: EntryLine, date: str) -> Taxed:
        own = self.rates.on("stock-item", item, date)
        if own.levy is not None and not entry.gst_rate:
            return own
        booked = self._taxed_ledger(entry, date)
        if booked.levy is None:
            return own
        return Taxed(booked.levy, booked.taxability, own.hsn or booked.hsn, own.description or booked.description)

    def _taxed_ledger(self, entry: EntryLine, date: str) -> Taxed:
        own = self.rates.on("ledger", entry.ledger, date)
        rate = percentage(entry.gst_rate)
        if rate is None:
            return own
        return Taxed(Levy(rate, own.levy.cess if own.levy is not None else 0), TAXABLE, own.hsn, own.description)


__all__ = ["BASES", "ROUNDING", "Component", "EntryLine", "Header", "ItemLine", "Supplies", "Supply"]
