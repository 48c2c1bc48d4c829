"""Books in memory out as a Tally file and back in, without a database: what the law of the export is tested with."""

import io

from lxml import etree

from crdt_models.masters import KINDS, Company
from crdt_models.vouchers import KIND as VOUCHER
from crdt_models.vouchers import Voucher
from khata.export.tally_masters import master_element
from khata.export.tally_vouchers import Leaving, voucher_element
from khata.tally.importer import plan
from khata.tally.reader import read_stream
from tests.khata.tally.books import COMPANY, Books

SOURCE = "counter"


class Named:
    """The names of masters of books in memory."""

    def __init__(self, books: Books):
        self.books = books

    def name(self, kind: str, document: bytes) -> str:
        return str(self.books.documents[kind, document]["name"])


def exported(books: Books, from_elsewhere: bool = True) -> bytes:
    """Books in memory as a Tally file."""
    names = Named(books)
    elements = []
    for (kind, document), registers in books.documents.items():
        if kind == VOUCHER:
            elements.append(_voucher(names, Voucher.from_registers(document, registers), from_elsewhere))
        elif kind != Company.KIND:
            master = KINDS[kind].from_registers(registers)
            guid = master.sources.get(SOURCE, {}).get("guid", "")
            elements.append(master_element(names, master, master.name, guid, master.aliases))
    messages = b"".join(
        b"<TALLYMESSAGE>" + etree.tostring(one, encoding="utf-8") + b"</TALLYMESSAGE>" for one in elements
    )
    return (
        b"<ENVELOPE><HEADER><TALLYREQUEST>Import Data</TALLYREQUEST></HEADER><BODY>" + messages + b"</BODY></ENVELOPE>"
    )


def _voucher(names: Named, voucher: Voucher, from_elsewhere: bool):
    guid = voucher.sources.get(SOURCE, {}).get("guid", voucher.id.hex())
    leaving = Leaving(
        guid, from_elsewhere, voucher.posting, voucher.number, voucher.reference, voucher.reference_date,
        voucher.narration, voucher.cancelled, voucher.optional,
    )  # fmt: skip
    return voucher_element(names, leaving)


def imported(*files: bytes) -> Books:
    """A new company into which these files were imported, none of whose records was left out."""
    books = Books()
    records = [one for data in files for one in read_stream(io.BytesIO(data), "export.xml")]
    made = plan(records, books, COMPANY, SOURCE, "ho")
    assert made.skipped == []
    assert made.refused == []
    books.carry_out(made)
    return books
