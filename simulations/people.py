"""The people at one device: seeded accountants who enter, alter, cancel, rename, send and receive vouchers.

Everything goes through the same functions as the command line; what was said to be saved when they return is what the
checks hold the network to.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Any, Final, NamedTuple

import trio

from crdt_models.errors import DocumentError
from crdt_models.packing import unpack_untrusted
from khata.books import Books
from khata.conflicts import list_conflicts, settle_taking
from khata.entering import alter_form, cancel, enter_form
from khata.entering_masters import add_master, alter_master
from khata.errors import BooksError
from khata.naming import ID_PREFIX
from khata.rules.deeds import activate
from khata.rules.standing import all_rules
from khata.transfers.entering import cancel as cancel_transfer
from khata.transfers.entering import receive, send_cash
from khata.transfers.listing import list_transfers
from khata.transfers.lookup import find_transfer
from khata.versions import version_text
from khata.voucher_lookup import find_voucher
from p2p.errors import P2PError
from p2p.store import StoreBusy
from simulations.clocks import elapsed_ms
from simulations.device import Device
from simulations.log import Meant, Saved, Seen
from simulations.scenario import HOUR, Work
from simulations.store import Crashed


class Act(NamedTuple):
    """What somebody did, in words, and what they meant it to be."""

    text: str
    meant: tuple[Meant, ...] = ()


Deed = Callable[[Books, Random], str | Act | None]
"""Does something at the books; returns it, in words at least, or None when there was nothing to do."""

_PATIENCE_SECONDS: Final = 1.0
_TRIES_MAX: Final = 60
_ANSWER_SECONDS: Final = 300.0
_AT_LEISURE: Final = 0.3
"""How many alterations take a while between looking at a voucher and saving it."""
_LEISURE_SECONDS_MAX: Final = 300.0
_TRANSFERS_CANCELLED: Final = 0.3
_HOT: Final = 5
"""How many vouchers everybody is at."""
_PARTIES: Final = ("Asha Stores", "Bharat Traders", "Chandra & Sons", "Devi Provisions", "Eknath Textiles")
_ITEMS: Final = ("Soap", "Rice", "Oil")
_ENTRIES: Final = (
    "SELECT l.document, e.amount_e4 FROM entries e JOIN ledgers l ON l.id=e.ledger WHERE e.voucher=? ORDER BY e.line"
)
_VALUE: Final = (
    "SELECT v.value FROM conflicts c JOIN conflict_values v ON v.document=c.document AND v.register=c.register "
    "WHERE c.id=? AND v.position=?"
)


def open_the_books(books: Books) -> None:
    """Enter the masters that the people of every branch use."""
    groups = {
        "Sundry Debtors": _PARTIES,
        "Sundry Creditors": ("Ganesh Wholesale", "Hindustan Supplies"),
        "Bank Accounts": ("State Bank", "Canara Bank"),
        "Sales Accounts": ("Sales",),
        "Purchase Accounts": ("Purchases",),
        "Indirect Expenses": ("Rent", "Salaries", "Electricity"),
    }
    for group, names in groups.items():
        for name in names:
            add_master(books, "ledger", name, {"group": books.names.find("group", group).document})
    for item in _ITEMS:
        add_master(books, "stock-item", item, {})


class People:
    """Who works at a device, and how much.

    Args:
        random: their own stream.
        in_time: whether the working part of the run goes on still.
    """

    def __init__(self, work: Work, random: Random, in_time: Callable[[], bool]) -> None:
        self._work = work
        self._random = random
        self._in_time = in_time
        self._deeds: list[tuple[float, Deed]] = [
            (work.vouchers, enter_voucher),
            (work.alterations, self._alter),
            (work.cancellations, cancel_voucher),
            (work.masters, add_ledger),
            (work.renames, rename_ledger),
            (work.transfers, send_or_receive),
            (work.settlements, settle_one),
        ]

    async def at(self, device: Device) -> None:
        """Work at a device until it is switched off, or work is over."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._answer_offers, device)
            rate = sum(rate for rate, _ in self._deeds)
            while rate > 0:
                await trio.sleep(self._random.expovariate(rate) * HOUR / 1000)
                if not self._in_time():
                    return
                (chosen,) = self._random.choices([deed for _, deed in self._deeds], [rate for rate, _ in self._deeds])
                if chosen == self._alter and self._random.random() < _AT_LEISURE:
                    nursery.start_soon(self._alter_at_leisure, device)
                else:
                    await do(device, chosen, self._random)

    def _alter(self, books: Books, random: Random) -> Act | None:
        voucher = some_voucher(books, random, random.random() < self._work.hot)
        return None if voucher is None else alter_voucher(books, random, voucher)

    async def _alter_at_leisure(self, device: Device) -> None:
        """Open a voucher, think about it, and save it as it was meant then."""
        books, random = device.desk, self._random
        voucher = some_voucher(books, random, random.random() < self._work.hot) if books is not None else None
        if books is None or voucher is None:
            return
        seen, version = seen_now(books), _version_now(books, voucher)
        await trio.sleep(random.uniform(10, _LEISURE_SECONDS_MAX))
        if self._in_time():
            await do(device, lambda now, stream: alter_voucher(now, stream, voucher, version), random, seen)

    async def _answer_offers(self, device: Device) -> None:
        while True:
            await trio.sleep(_ANSWER_SECONDS)
            await do(device, activate_offers, self._random)


async def do(device: Device, deed: Deed, random: Random, seen: Seen | None = None) -> bool:
    """Let people do something at a device that is on, and hold the network to it; whether it was done.

    Args:
        seen: what they are looking at; None for all that is there when they do it.
    """
    for _ in range(_TRIES_MAX):
        books = device.desk
        if books is None:
            return False
        device.made = []
        looked_at = seen or seen_now(books)
        try:
            done = deed(books, random)
        except StoreBusy:
            await trio.sleep(_PATIENCE_SECONDS)
            continue
        except (BooksError, DocumentError, P2PError) as error:
            device.log.refused(device.name, str(error))
            return False
        except Crashed:
            await device.kill()
            return False
        if done is None:
            return False
        act = Act(done) if isinstance(done, str) else done
        device.log.saved.append(Saved(device.name, elapsed_ms(), tuple(device.made), act.text, looked_at, act.meant))
        device.log.mark("saved", device.name, act.text)
        if device.node is not None:
            device.node.poke()
        return True
    return False


def seen_now(books: Books) -> Seen:
    """What somebody sees who looks at books now."""
    (row,) = books.db.execute("SELECT coalesce(max(row), 0) FROM commits").fetchone()
    unread = books.db.execute("SELECT id FROM commits WHERE state IN (1, 2)")
    (entries,) = books.db.execute("SELECT count(*) FROM chain").fetchone()
    return Seen(row, frozenset(bytes(id) for (id,) in unread), entries)


# -- what they do -----------------------------------------------------------------------------------------------------


def enter_voucher(books: Books, random: Random) -> Act:
    """Enter a voucher of any type."""
    form = random.choice(_FORMS)(random)
    entered = enter_form(books, {**form, "date": _day(books, random)})
    return Act(f"{form['type']} {entered.number}, ₹{_worth(form)}", (_posting(entered.id, form["entries"]),))


def alter_voucher(books: Books, random: Random, voucher: str, version: str = "") -> Act | None:
    """Give a voucher other amounts, or another narration.

    Args:
        voucher: its id.
        version: what is being looked at; empty for the voucher as it is.
    """
    found = find_voucher(books.db, books.names, voucher)
    entries = books.db.execute(_ENTRIES, (found.row,)).fetchall()
    stock = books.db.execute("SELECT count(*) FROM stock_lines WHERE voucher=?", (found.row,)).fetchone()[0]
    changes: dict[str, Any] = {"narration": f"seen by {books.user}, {random.randint(1, 999)}"}
    meant = Meant(found.document, "narration", changes["narration"])
    if len(entries) == 2 and not stock and random.random() < 0.7:
        amount = _amount(random)
        signs = ("", "-") if entries[0][1] > 0 else ("-", "")
        changes = {
            "entries": [
                {"ledger": ID_PREFIX + bytes(ledger).hex(), "amount": sign + amount}
                for (ledger, _), sign in zip(entries, signs, strict=True)
            ]
        }
        meant = _posting(found.document, changes["entries"])
    altered = alter_form(books, found, changes, version)
    return Act(f"altered {altered.number}", (meant,)) if altered.commit is not None else None


def cancel_voucher(books: Books, random: Random) -> str | Act | None:
    """Cancel a voucher, or a transfer or its receipt here."""
    if random.random() < _TRANSFERS_CANCELLED:
        mine = [one for one in list_transfers(books, branch=books.member.branch) if one["state"] != "cancelled"]
        if mine:
            chosen = random.choice(mine)
            cancel_transfer(books, find_transfer(books.db, books.names, chosen["id"]))
            return f"cancelled transfer {chosen['number']}"
    row = some_voucher(books, random, hot=False)
    if row is None:
        return None
    cancelled = cancel(books, find_voucher(books.db, books.names, row))
    return Act(f"cancelled {cancelled.number}", (Meant(cancelled.id, "cancelled", True),))


def add_ledger(books: Books, random: Random) -> Act:
    """Add a ledger for a new customer."""
    name = f"Customer {random.randint(1, 9999)}"
    added = add_master(books, "ledger", name, {"group": books.names.find("group", "Sundry Debtors").document})
    return Act(f"ledger {name}", (Meant(added.id, "name", name),))


def rename_ledger(books: Books, random: Random) -> Act | None:
    """Give a customer another name."""
    found = books.db.execute(
        "SELECT name FROM ledgers WHERE name LIKE 'Customer %' AND present ORDER BY document"
    ).fetchall()
    if not found:
        return None
    (before,) = random.choice(found)
    after = f"Customer {random.randint(1, 9999)}"
    renamed = alter_master(books, "ledger", before, {"name": after})
    return Act(f"ledger {before} is called {after} now", (Meant(renamed.id, "name", after),))


def send_or_receive(books: Books, random: Random) -> str | None:
    """Receive what is on its way here, or send cash to another branch."""
    mine = books.member.branch
    coming = [one for one in list_transfers(books, in_transit=True, branch=mine) if one["to_code"] == mine]
    if coming:
        chosen = random.choice(coming)
        receive(books, find_transfer(books.db, books.names, chosen["id"]), _today(books), {})
        return f"received {chosen['number']} from {chosen['from']}"
    others = sorted(code for code in books.replica.chain.branches if code != mine)
    if not others:
        return None
    sent = send_cash(books, random.choice(others), _today(books), "Cash", _amount(random), {})
    return f"sent {sent.number}"


def settle_one(books: Books, random: Random) -> Act | None:
    """Settle a conflict that is listed."""
    listed = [one for one in list_conflicts(books) if not one["incomplete"]]
    if not listed:
        return None
    chosen = random.choice(listed)
    position = random.randint(1, len(chosen["values"]))
    (value,) = books.db.execute(_VALUE, (chosen["id"], position)).fetchone()
    settled = settle_taking(books, chosen["id"], position)
    meant = Meant(settled.document, settled.register, unpack_untrusted(bytes(value)))
    return Act(f"settled {chosen['register']} of {chosen['name']}", (meant,))


def activate_offers(books: Books, random: Random) -> str | None:
    """Accept every rule that is offered to this branch."""
    mine = books.member.branch
    offered = [rule for rule in all_rules(books) if rule.offer.target == mine and rule.waits_for_answer]
    for rule in offered:
        activate(books, rule)
    return ", ".join(f"rule {rule.offer.name} activated" for rule in offered) or None


# -- the parts --------------------------------------------------------------------------------------------------------


def _two(type: str, debits: tuple[str, ...], credits: tuple[str, ...]) -> Callable[[Random], dict[str, Any]]:
    def form(random: Random) -> dict[str, Any]:
        amount = _amount(random)
        entries = [
            {"ledger": random.choice(debits), "amount": amount},
            {"ledger": random.choice(credits), "amount": f"-{amount}"},
        ]
        return {"type": type, "entries": entries}

    return form


def _invoice(random: Random) -> dict[str, Any]:
    lines = random.sample(_ITEMS, random.randint(1, len(_ITEMS)))
    sold = [(item, random.randint(1, 20), random.randint(10, 500)) for item in lines]
    total = sum(quantity * rate for _, quantity, rate in sold)
    return {
        "type": "Sales",
        "entries": [
            {"ledger": random.choice(_PARTIES), "amount": f"{total}.00"},
            {"ledger": "Sales", "amount": f"-{total}.00"},
        ],
        "stock": [
            {
                "item": item,
                "quantity": f"-{quantity}",
                "rate": str(rate),
                "amount": f"-{quantity * rate}.00",
            }
            for item, quantity, rate in sold
        ],
    }


SECRETS: Final = (*_PARTIES, "Customer ", "seen by ")
"""What stands in the books and may be read at no relay."""

_MONEY: Final = ("Cash", "State Bank")
_SUPPLIERS: Final = ("Ganesh Wholesale", "Hindustan Supplies")
_FORMS: Final = (
    _two("Sales", _PARTIES, ("Sales",)),
    _invoice,
    _two("Receipt", _MONEY, _PARTIES),
    _two("Payment", (*_SUPPLIERS, "Rent", "Salaries", "Electricity"), _MONEY),
    _two("Purchase", ("Purchases",), _SUPPLIERS),
    _two("Contra", ("State Bank", "Canara Bank"), ("Cash",)),
    _two("Journal", ("Rent", "Electricity"), _SUPPLIERS),
    _two("Credit Note", ("Sales",), _PARTIES),
    _two("Debit Note", _SUPPLIERS, ("Purchases",)),
)


def some_voucher(books: Books, random: Random, hot: bool) -> str | None:
    """The id of a voucher that stands and is no leg of a transfer: one of the first few of all, or any."""
    found = books.db.execute(
        "SELECT document FROM vouchers WHERE NOT cancelled AND leg='' ORDER BY document" + (" LIMIT ?" if hot else ""),
        (_HOT,) if hot else (),
    ).fetchall()
    return bytes(random.choice(found)[0]).hex() if found else None


def _version_now(books: Books, voucher: str) -> str:
    return version_text(books.document(find_voucher(books.db, books.names, voucher).row).heads())


def _posting(document: bytes, entries: list[dict[str, Any]]) -> Meant:
    return Meant(document, "posting", tuple(str(entry["amount"]) for entry in entries))


def _amount(random: Random) -> str:
    return f"{random.randint(1, 99_999)}.{random.randint(0, 99):02d}"


def _worth(form: dict[str, Any]) -> str:
    return str(form["entries"][0]["amount"]).removeprefix("-")


def _today(books: Books) -> str:
    return datetime.fromtimestamp(books.now() / 1000, UTC).date().isoformat()


def _day(books: Books, random: Random) -> str:
    """The date on a voucher: mostly today, sometimes up to five days ago."""
    back = random.choice((0, 0, 0, 0, 1, 2, 5)) * 86_400
    return datetime.fromtimestamp(max(0, books.now() / 1000 - back), UTC).date().isoformat()
