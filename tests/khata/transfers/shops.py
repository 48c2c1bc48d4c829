"""Branches that send each other goods and cash, in a line each."""

from khata.books import Books
from khata.entering import Entered
from khata.entering_masters import add_master
from khata.problem import Problem
from khata.problems import find_problems
from khata.projection import BooksProjection
from khata.reports.span import branch_code
from khata.transfers.entering import alter, cancel, receive, send_cash, send_goods
from khata.transfers.lookup import TransferName, find_transfer
from p2p.founding import admit_device
from p2p.identity import DeviceKeys
from p2p.replica import Replica
from tests.khata.company import EVERYTHING, NOW, Clock, a_branch, a_company, a_store_with_tables, seeded, sync
from tests.p2p.made_once import made_once

DAY = "2026-08-05"
LATER = "2026-08-07"


@made_once
def shops(*names: str) -> list[Books]:
    """A head office with two items, and branches of these names."""
    office = a_company()
    add_master(office, "unit", "Nos", {})
    unit = office.names.find("unit", "Nos").document
    for item in ("Soap", "Oil"):
        add_master(office, "stock-item", item, {"unit": unit})
    copies = [office, *(a_branch(office, name) for name in names)]
    meet(*copies)
    return copies


def a_colleague(office: Books, branch: Books, name: str, series: str) -> Books:
    """A second device of a branch, in sync with its head office."""
    random, code = seeded(name), branch.member.branch
    keys = DeviceKeys.generate(random)
    admit_device(office.replica, (keys.public, keys.seal_public), name, code, series, EVERYTHING, NOW)
    replica = Replica(a_store_with_tables(), keys, office.company, BooksProjection(), random)
    replica.extend_chain(office.replica.chain_entries(-1))
    books = Books(replica, name.lower(), None, Clock(), random)
    sync(books, office)
    return books


def goods_of(text: str) -> list[dict[str, str]]:
    """The lines in "Soap:10@50, Oil:3@20"."""
    lines = []
    for part in text.split(", "):
        item, _, rest = part.partition(":")
        quantity, _, rate = rest.partition("@")
        lines.append({"item": item, "quantity": quantity, **({"rate": rate} if rate else {})})
    return lines


def send(books: Books, to: str, what: str, date: str = DAY, **beside: str) -> Entered:
    """Send "Soap:10@50", or cash when it is an amount."""
    code = branch_code(books, to)
    if ":" in what:
        return send_goods(books, code, date, goods_of(what), beside)
    return send_cash(books, code, date, "Cash", what, beside)


def take(
    books: Books, which: str | Entered, date: str = LATER, amount: str = "", short: str = "", version: str = ""
) -> Entered:
    """Receive it all, or as much cash, or "Soap:9"."""
    item, _, quantity = short.partition(":")
    arrived = {books.names.find("stock-item", item).document: quantity} if short else None
    return receive(books, named(books, which), date, {}, short=arrived, amount=amount, version=version)


def change(books: Books, which: str | Entered, what: str = "", version: str = "", **beside: str) -> Entered:
    """Alter one's own leg to "Soap:9@50", or to an amount of cash."""
    if ":" in what:
        return alter(books, named(books, which), beside, items=goods_of(what), version=version)
    return alter(books, named(books, which), beside, amount=what, version=version)


def call_off(books: Books, which: str | Entered) -> Entered:
    """Cancel the transfer, or one's receipt."""
    return cancel(books, named(books, which))


def named(books: Books, which: str | Entered) -> TransferName:
    """The transfer that is meant."""
    return find_transfer(books.db, books.names, which if isinstance(which, str) else which.id.hex())


def of_transfers(books: Books) -> list[Problem]:
    """The problems with transfers; what is sent without being in stock is another one."""
    return [problem for problem in find_problems(books) if problem.code.startswith("transfer-")]


def meet(*copies: Books) -> None:
    """Let all copies come to hold the same."""
    for other in copies[1:]:
        sync(copies[0], other)
    for other in copies[1:-1]:
        sync(copies[0], other)
