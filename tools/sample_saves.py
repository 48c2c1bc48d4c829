"""Invented saves of vouchers and masters, as a trading business makes them: what the zstd dictionary is trained on.

Everything follows from the seed, so the same samples come out everywhere.
"""

from collections.abc import Callable, Iterator
from random import Random

from crdt_models.masters import Godown, Group, Gst, GstRate, Ledger, Master, OpeningStock, StockItem, Tax, Unit
from crdt_models.packing import Value
from crdt_models.saves import ORIGIN_INIT, ORIGIN_SETTLE, pack_save
from crdt_models.vouchers import BillAllocation, CostAllocation, Entry, Posting, StockLine, Voucher
from p2p.packed import Item

PEOPLE = ("Asha", "Ravi", "Meena", "Suresh", "Priya", "accounts", "admin", "Anil", "Sunita", "Vikram")
FIRST = ("Sharma", "Patel", "Gupta", "Shree Ganesh", "Asha", "Balaji", "Mahalaxmi", "Krishna", "National", "Royal")
SECOND = (
    "Traders",
    "Enterprises",
    "Stores",
    "Agencies",
    "& Sons",
    "Industries",
    "Steels",
    "Pvt Ltd",
    "Medicals",
    "Textiles",
)
TOWNS = (
    ("Pune", "Maharashtra", "27"),
    ("Mumbai", "Maharashtra", "27"),
    ("Surat", "Gujarat", "24"),
    ("Delhi", "Delhi", "07"),
)
NARRATIONS = (
    "Being goods sold on credit",
    "Being cash received against bill no. ",
    "Being amount paid by cheque no. ",
    "Being goods purchased as per invoice no. ",
    "Being salary paid for the month of April",
    "Being rent paid for the month",
    "Being cash deposited into bank",
    "Being freight and cartage paid",
    "NEFT received towards invoice ",
    "UPI payment",
)
BASES = ("sales", "receipt", "payment", "purchase", "journal", "contra", "credit-note", "debit-note")


class Samples:
    """One invented business, and what its devices save."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # seeded on purpose: nothing here is secret
        self._ledgers = [self._id() for _ in range(60)]
        self._types = [self._id() for _ in BASES]
        self._items = [self._id() for _ in range(30)]
        self._godowns = [self._id() for _ in range(3)]
        self._units = [self._id() for _ in range(3)]
        self._number = 0

    def commits(self, count: int) -> Iterator[list[Item]]:
        """Yield what goes into commits: mostly lone vouchers, some alterations and masters, a few batches."""
        makers: tuple[tuple[Callable[[], Item], int], ...] = (
            (self.voucher, 12),
            (self.invoice, 5),
            (self.alteration, 3),
            (self.ledger, 3),
            (self.stock_item, 2),
            (self.other_master, 1),
        )
        for _ in range(count):
            maker = self._random.choices([maker for maker, _ in makers], [weight for _, weight in makers])[0]
            size = self._random.choice((1, 1, 1, 1, 1, 1, 1, 1, 2, 8))
            yield [maker() for _ in range(size)]

    def voucher(self, entries: int = 0) -> Item:
        """Return a voucher in accounting view, as a person enters it: with `entries` lines, or 2 to 4."""
        return self._save(self._posting(entries or self._random.choice((2, 2, 2, 3, 4, 4))))

    def invoice(self) -> Item:
        """Return a sale or purchase in invoice view: stock lines, party, sales ledger and taxes."""
        sign = self._random.choice((1, -1))
        lines = tuple(self._line(-sign) for _ in range(self._random.randint(1, 4)))
        net = sum(self._whole(line.amount) for line in lines)
        tax = round(net * self._random.choice((0.025, 0.06, 0.09)))
        party = self._random.choice(self._ledgers)
        bill = BillAllocation(kind="new", amount=_text(-net - 2 * tax), name=self._bill())
        entries = (
            Entry(ledger=party, amount=_text(-net - 2 * tax), bills=(bill,)),
            Entry(ledger=self._ledgers[1], amount=_text(net), of_stock=True),
            Entry(ledger=self._ledgers[2], amount=_text(tax), gst_rate="9"),
            Entry(ledger=self._ledgers[3], amount=_text(tax), gst_rate="9"),
        )
        base = 0 if sign > 0 else 3
        posting = Posting(
            base=BASES[base],
            type=self._types[base],
            date=self._date(),
            party=party,
            place_of_supply=self._random.choice(TOWNS)[1],
            party_gstin=self._gstin() if self._random.random() < 0.6 else "",
            view="invoice",
            entries=entries,
            stock=lines,
        )
        return self._save(posting)

    def alteration(self) -> Item:
        """Return a later save of a voucher: its posting, its narration, or its cancellation."""
        registers = Voucher(id=self._id(), posting=self._posting(2), narration=self._narration()).registers()
        everything: dict[str, Value] = registers
        cancelled: dict[str, Value] = {"cancelled": True}
        narration: dict[str, Value] = {"narration": self._narration()}
        posting: dict[str, Value] = {"posting": registers["posting"]}
        changes = self._random.choice((everything, cancelled, narration, posting))
        parents = [self._id() for _ in range(self._random.choice((1, 1, 1, 2)))]
        origin = ORIGIN_SETTLE if len(parents) > 1 else "entry"
        return Item(self._id(), "voucher", pack_save(changes, parents, self._user(), origin))

    def ledger(self) -> Item:
        """Return a new ledger: a party with its GST details, or a tax or expense ledger."""
        town, state, _ = self._random.choice(TOWNS)
        name = f"{self._random.choice(FIRST)} {self._random.choice(SECOND)}"
        group = self._random.choice(self._ledgers[:8])
        if self._random.random() < 0.6:
            gst = Gst(registration="Regular", gstin=self._gstin(), state=state)
            address = (f"{self._random.randint(1, 400)}, M.G. Road", f"{town} {self._random.randint(110001, 440099)}")
            return self._master(
                Ledger(name=name, group=group, bill_wise=True, gst=gst, address=address, state=state, country="India")
            )
        head = self._random.choice(("CGST", "SGST", "IGST"))
        return self._master(
            self._random.choice(
                (
                    Ledger(name=f"{head} @ 9%", group=group, tax=Tax(kind="GST", head=head, rate="9")),
                    Ledger(name=f"{name} Loan", group=group, opening=self._amount(1)),
                    Ledger(name="Office Expenses", group=group, cost_centres=True),
                )
            )
        )

    def stock_item(self) -> Item:
        """Return a new stock item with its HSN code and GST rates."""
        rate = self._random.choice(("5", "12", "18"))
        half = {"5": "2.5", "12": "6", "18": "9"}[rate]
        gst = GstRate(
            since="2026-04-01",
            hsn=str(self._random.randint(1000, 99999999)),
            taxability="Taxable",
            rates={"IGST": rate, "CGST": half, "SGST": half},
        )
        opening = OpeningStock(
            quantity=str(self._random.randint(1, 500)),
            rate=self._amount(1),
            value=self._amount(1),
            godown=self._godowns[0],
        )
        return self._master(
            StockItem(
                name=f"{self._random.choice(FIRST)} {self._random.randint(1, 50)} mm",
                parent=self._random.choice(self._items),
                unit=self._units[0],
                opening=(opening,) if self._random.random() < 0.5 else (),
                gst=(gst,),
                costing="Avg. Cost",
                valuation="Avg. Price",
            )
        )

    def other_master(self) -> Item:
        """Return a group, a godown or a unit."""
        return self._master(
            self._random.choice(
                (
                    Group(name=f"{self._random.choice(FIRST)} Debtors", parent=self._random.choice(self._ledgers)),
                    Godown(name=f"{self._random.choice(TOWNS)[0]} Godown", parent=self._godowns[0]),
                    Unit(name="Nos", formal_name="Numbers", quantity_code="NOS-NUMBERS"),
                )
            )
        )

    def _posting(self, count: int) -> Posting:
        base = self._random.randrange(len(BASES))
        ledgers = self._random.sample(self._ledgers, count)
        amounts = [self._whole(self._amount(1)) for _ in range(count - 1)]
        amounts.append(-sum(amounts))
        entries = [self._entry(ledger, amount) for ledger, amount in zip(ledgers, amounts, strict=True)]
        party = ledgers[0] if self._random.random() < 0.5 else None
        return Posting(base=BASES[base], type=self._types[base], date=self._date(), party=party, entries=tuple(entries))

    def _entry(self, ledger: bytes, amount: int) -> Entry:
        chance = self._random.random()
        if chance < 0.15:
            bill = BillAllocation(kind=self._random.choice(("new", "against")), amount=_text(amount), name=self._bill())
            return Entry(ledger=ledger, amount=_text(amount), bills=(bill,))
        if chance < 0.2:
            cost = CostAllocation(centre=self._random.choice(self._items), amount=_text(amount))
            return Entry(ledger=ledger, amount=_text(amount), costs=(cost,))
        return Entry(ledger=ledger, amount=_text(amount))

    def _line(self, sign: int) -> StockLine:
        quantity = self._random.randint(1, 200)
        rate = self._random.randint(100, 90_000)
        return StockLine(
            item=self._random.choice(self._items),
            quantity=str(sign * quantity),
            unit=self._units[0],
            rate=_text(rate),
            rate_unit=self._units[0],
            amount=_text(sign * quantity * rate),
            godown=self._random.choice(self._godowns),
            ledger=self._ledgers[1],
        )

    def _save(self, posting: Posting) -> Item:
        self._number += 1
        code = self._random.choice(("HO", "PUN", "PUN1", "MUM", "SUR"))
        voucher = Voucher(
            id=self._id(),
            posting=posting,
            number=f"{code}/26-27/{self._number:05}",
            reference=self._bill() if self._random.random() < 0.1 else "",
            narration=self._narration() if self._random.random() < 0.7 else "",
        )
        return Item(voucher.id, "voucher", pack_save(voucher.registers(), (), self._user()))

    def _master(self, master: Master) -> Item:
        parents = [self._id()] if self._random.random() < 0.2 else []
        origin = self._random.choice(("entry", "entry", ORIGIN_INIT))
        return Item(self._id(), master.KIND, pack_save(master.registers(), parents, self._user(), origin))

    def _id(self) -> bytes:
        return self._random.randbytes(16)

    def _user(self) -> str:
        return self._random.choice(PEOPLE)

    def _amount(self, sign: int) -> str:
        places = self._random.choice((4, 5, 5, 6, 6, 7, 8))
        whole = self._random.randrange(10**places)
        return _text(sign * (whole - whole % self._random.choice((1, 50, 100, 10_000))))

    def _whole(self, amount: str) -> int:
        return int(amount.replace(".", ""))

    def _date(self) -> str:
        year, month = self._random.choice(((2026, 4), (2026, 5), (2026, 11), (2027, 1), (2027, 3)))
        return f"{year}-{month:02}-{self._random.randint(1, 28):02}"

    def _bill(self) -> str:
        return f"{self._random.choice(('INV', 'BILL', 'S', 'PUN/26-27'))}/{self._random.randint(1, 9999):04}"

    def _narration(self) -> str:
        text = self._random.choice(NARRATIONS)
        return f"{text}{self._random.randint(1, 99999)}" if text.endswith((". ", "invoice ")) else text

    def _gstin(self) -> str:
        letters = "".join(self._random.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=5))
        return (
            f"{self._random.choice(TOWNS)[2]}{letters}{self._random.randint(1000, 9999)}A1Z{self._random.randint(0, 9)}"
        )


def _text(hundredths: int) -> str:
    sign = "-" if hundredths < 0 else ""
    return f"{sign}{abs(hundredths) // 100}.{abs(hundredths) % 100:02}"
