"""The books as one XML file that Tally imports: masters in the order it needs them, then vouchers.

Each object stands in a TALLYMESSAGE of its own and is dropped from memory once it is written.
"""

from collections.abc import Iterator
from typing import Any, BinaryIO, Final, NamedTuple

from lxml import etree

from khata.books import Books
from khata.export import tally_books
from khata.export.out_file import Step, no_step
from khata.export.tally_books import LeftOut
from khata.export.tally_names import MASTER_KINDS, TallyNames
from khata.export.tally_otherwise import otherwise
from khata.export.tally_text import Element, clean, put
from khata.export.tally_transfers import GoodsMoved
from khata.export.tally_vouchers import voucher_element
from khata.reports.span import EVERYTHING, Span
from khata.source_companies import TallyCompany

Json = dict[str, Any]

_NAMESPACE: Final = {"UDF": "TallyUDF"}


class TallyOptions(NamedTuple):
    """What to write, in which encoding, for which Tally company: empty for the one that was imported."""

    masters: bool = True
    vouchers: bool = True
    company: str = ""
    encoding: str = "utf-8"


DEFAULT: Final = TallyOptions()


def write_tally(
    books: Books, out: BinaryIO, span: Span = EVERYTHING, options: TallyOptions = DEFAULT, step: Step = no_step
) -> Json:
    """Write the masters, all of them, and the vouchers of a span.

    Opening balances are those with which the books begin, whatever the span; for one branch there are none.

    Returns:
        `counts` of masters and vouchers, the `company` named in the file, `left_out` (vouchers that no file can hold),
        `renamed` (masters that stand under another name than theirs) and `otherwise` (what Tally keeps in another way
        than these books, or has no place for, as sentences).

    Raises:
        BadValue, NotFound: see `Span.condition`.

    Cost: about 300 µs a voucher; memory for some hundred of them.
    """
    span.condition(books)
    names = TallyNames(books)
    source = tally_books.source_company(books)
    company = clean(options.company or source.name or books.company_name)
    left_out: list[LeftOut] = []
    counts = {"masters": 0, "vouchers": 0}
    moved = GoodsMoved(books)
    with etree.xmlfile(out, encoding=options.encoding.upper(), close=False) as file:
        file.write_declaration()
        with file.element("ENVELOPE"):
            file.write(_header())
            with file.element("BODY"), file.element("IMPORTDATA"):
                file.write(_description(company, options.masters))
                with file.element("REQUESTDATA"):
                    for element in _objects(books, names, span, options, moved, left_out, step):
                        counts["vouchers" if element.tag == "VOUCHER" else "masters"] += 1
                        _message(file, element)
                    _message(file, _origin(source, company))
    return {
        "counts": counts,
        "company": company,
        "renamed": names.clashes,
        "left_out": [one._asdict() for one in left_out],
        "otherwise": otherwise(books, span, moved.journals, options.masters, options.vouchers),
    }


def _objects(
    books: Books,
    names: TallyNames,
    span: Span,
    options: TallyOptions,
    moved: GoodsMoved,
    left_out: list[LeftOut],
    step: Step,
) -> Iterator[Element]:
    if options.masters:
        for kind in MASTER_KINDS:
            yield from tally_books.masters(books, names, kind, with_openings=not span.branch)
    if options.vouchers:
        for voucher in tally_books.vouchers(books, span, moved, left_out, step):
            yield voucher_element(names, voucher)


def _message(file: Any, element: Element) -> None:
    file.write("\n")
    with file.element("TALLYMESSAGE", nsmap=_NAMESPACE):
        file.write(element)


def _header() -> Element:
    header = etree.Element("HEADER")
    put(header, "TALLYREQUEST", "Import Data")
    return header


def _description(company: str, has_masters: bool) -> Element:
    description = etree.Element("REQUESTDESC")
    put(description, "REPORTNAME", "All Masters" if has_masters else "Vouchers")
    variables = etree.SubElement(description, "STATICVARIABLES")
    put(variables, "SVCURRENTCOMPANY", company)
    return description


def _origin(source: TallyCompany, company: str) -> Element:
    """The company record that Tally puts at the end of its own exports."""
    element = etree.Element("COMPANY")
    remote = etree.SubElement(element, "REMOTECMPINFO.LIST", MERGE="Yes")
    put(remote, "NAME", source.guid)
    put(remote, "REMOTECMPNAME", company)
    put(remote, "REMOTECMPSTATE", source.state)
    return element
