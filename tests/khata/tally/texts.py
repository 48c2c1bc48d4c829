"""Small pieces of Tally XML for tests that read like the domain: `day_book(voucher(ledger("Asha", "-500.00"), …))`."""

import io

from khata.tally.importer import binding_for, plan
from khata.tally.plan import Plan
from khata.tally.reader import read_stream
from tests.khata.tally.books import COMPANY, Books

GUID = "61c6de69-1748-461c-ad3f-162cb949df9f"


def ledger(name: str, amount: str, inside: str = "", tag: str = "ALLLEDGERENTRIES.LIST") -> str:
    return f"<{tag}><LEDGERNAME>{name}</LEDGERNAME><AMOUNT>{amount}</AMOUNT>{inside}</{tag}>"


def some(name: str, amount: str, inside: str = "") -> str:
    """A ledger line of the kind that stands beside stock lines with their own accounts."""
    return ledger(name, amount, inside, "LEDGERENTRIES.LIST")


def stock(
    item: str, amount: str, inside: str = "", tag: str = "ALLINVENTORYENTRIES.LIST", quantity: str = "10 Nos"
) -> str:
    return (
        f"<{tag}><STOCKITEMNAME>{item}</STOCKITEMNAME><RATE>5/Nos</RATE><ACTUALQTY> {quantity}</ACTUALQTY>"
        f"<AMOUNT>{amount}</AMOUNT>{inside}</{tag}>"
    )


def account(name: str, amount: str) -> str:
    return ledger(name, amount, tag="ACCOUNTINGALLOCATIONS.LIST")


def voucher(
    *inside: str, kind: str = "Sales", date: str = "20260401", number: str = "1", guid: str | None = f"{GUID}-00000001"
) -> str:
    head = f"<GUID>{guid}</GUID>" if guid else ""
    head += f"<VOUCHERNUMBER>{number}</VOUCHERNUMBER>" if number else ""
    return f"<VOUCHER><DATE>{date}</DATE><VOUCHERTYPENAME>{kind}</VOUCHERTYPENAME>{head}\n{''.join(inside)}</VOUCHER>\n"


def sale(party: str, amount: str, **given) -> str:
    """A plain balanced sale."""
    return voucher(ledger(party, f"-{amount}"), ledger("Sales", amount), **given)


def master(tag: str, name: str, inside: str = "", guid: str = "") -> str:
    return f'<{tag} NAME="{name}" RESERVEDNAME="">{f"<GUID>{guid}</GUID>" if guid else ""}{inside}</{tag}>\n'


def file(*objects: str, head: str = "<STATUS>1</STATUS>", desc: str = "") -> bytes:
    return (
        f"<ENVELOPE><HEADER>{head}</HEADER><BODY><DESC>{desc}</DESC>\n<DATA><COLLECTION>\n{''.join(objects)}"
        "</COLLECTION></DATA></BODY></ENVELOPE>"
    ).encode()


def planned(books: Books, *files: bytes, binding: str = "", expected: str = "") -> Plan:
    """The plan for files called a.xml, b.xml …"""
    records = [
        parsed
        for number, data in enumerate(files)
        for parsed in read_stream(io.BytesIO(data), f"{chr(97 + number)}.xml", expected)
    ]
    return plan(records, books, COMPANY, binding or binding_for("device"), "ho")


def imported(*objects: str, books: Books | None = None) -> Books:
    """Books into which one file with these objects was imported, without anything to complain of."""
    books = books or Books()
    made = planned(books, file(*objects))
    assert not made.skipped, made.skipped
    books.carry_out(made)
    return books


def codes(made: Plan) -> list[str]:
    return [finding.code for finding in made.findings]


def text_of(made: Plan, code: str) -> str:
    return next(finding.text for finding in made.findings if finding.code == code)
