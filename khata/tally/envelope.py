"""One file as a stream of records, whichever of Tally's two envelopes it comes in.

The file is read in chunks and each record is dropped from memory before the next, so a file of any size costs a few
megabytes. Nothing from outside can make the parser expand: document types are refused, entities never reach it, and a
record that does not end within `RECORD_BYTES_MAX` ends the reading.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from lxml import etree

from khata.tally.decode import Decoder
from khata.tally.elements import Element
from khata.tally.errors import UnreadableFile
from khata.tally.values import plain_text

CHUNK_BYTES = 1 << 16
RECORD_BYTES_MAX = 16 << 20
"""How much text one record may take; the largest real voucher is far below a megabyte."""

RECORD_TAGS = (
    "CURRENCY",
    "UNIT",
    "GROUP",
    "LEDGER",
    "GODOWN",
    "STOCKGROUP",
    "STOCKCATEGORY",
    "STOCKITEM",
    "COSTCATEGORY",
    "COSTCENTRE",
    "VOUCHERTYPE",
    "VOUCHER",
)
"""The objects that are imported."""

OTHER_TAGS = (
    "ATTENDANCETYPE",
    "BUDGET",
    "CLIENTRULE",
    "DEDUCTEETYPE",
    "GSTCLASSIFICATION",
    "INCOMETAXSLAB",
    "PAYHEAD",
    "PRICELEVEL",
    "RETURNMASTER",
    "SCENARIO",
    "SERVERRULE",
    "STATE",
    "STCATEGORY",
    "TAXCLASSIFICATION",
    "TAXUNIT",
    "TDSRATE",
    "VOUCHERNUMBERSERIES",
)
"""Objects that Tally exports and khata has no use for; they are counted and named."""

REPORT_TAGS = ("DSPACCNAME", "DSPACCINFO", "DSPSTKINFO", "DSPVCHDATE", "BILLFIXED", "DBCFIXED")
"""Rows of printed reports: figures without the masters or vouchers behind them."""

_HEADER_TAGS = ("STATUS", "TALLYREQUEST", "VERSION")
_FACT_TAGS = ("LINEERROR", "SVCURRENTCOMPANY", "COMPANYCONTEXT", "REMOTECMPINFO.LIST", "REQUESTWINDOW", "COMPANY")
_ANSWER_TAGS = ("RESPONSE", "IMPORTRESULT")
_CONTAINERS = frozenset({"COLLECTION", "TALLYMESSAGE", "REQUESTDATA", "DATA", "BODY", "ENVELOPE"})
_WRAPPER = "khata-file"
_FACTS_MAX = 100
"""Facts of one kind that are remembered; a file made to fill memory with them gains nothing."""


@dataclass(frozen=True, slots=True)
class Record:
    """One object of a file; the element is only valid until the next record is asked for."""

    tag: str
    element: Element
    line: int
    ordinal: int


@dataclass(slots=True)
class Facts:
    """What a file says besides its records."""

    root: str = ""
    header: dict[str, list[str]] = field(default_factory=dict)
    line_errors: list[str] = field(default_factory=list)
    current_company: list[str] = field(default_factory=list)
    contexts: list[dict[str, list[str]]] = field(default_factory=list)
    remote_companies: list[dict[str, str]] = field(default_factory=list)
    windows: list[tuple[str, str]] = field(default_factory=list)
    answer: dict[str, str] | None = None
    report_rows: dict[str, int] = field(default_factory=dict)
    others: dict[str, int] = field(default_factory=dict)
    records: int = 0
    windows_1252: bool = False
    repaired: int = 0


class Envelope:
    """Reads one file; `facts` is complete once `records` has been read to the end."""

    def __init__(self, source: BinaryIO, progress: Callable[[int], None] | None = None) -> None:
        self.facts = Facts()
        self._source = source
        self._progress = progress
        self._since_record = 0
        self._begun = False

    def records(self) -> Iterator[Record]:
        """The objects of the file in order.

        Raises:
            UnreadableFile: it is empty, is not well-formed to its end, or holds something no export holds. What was
                yielded before then comes from a damaged file and should not be used.
        """
        parser = etree.XMLPullParser(
            events=("end",),
            tag=[*RECORD_TAGS, *OTHER_TAGS, *REPORT_TAGS, *_HEADER_TAGS, *_FACT_TAGS, *_ANSWER_TAGS],
            remove_blank_text=True,  # two thirds of the time, because Tally indents everything
            remove_comments=True,
            remove_pis=True,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
        )
        # One element around the file declares the prefix that Tally forgets to declare, and makes any document type
        # a syntax error. It adds no line, so places stay right.
        parser.feed(f'<{_WRAPPER} xmlns:UDF="TallyUDF">'.encode())
        decoder = Decoder()
        try:
            while chunk := self._source.read(CHUNK_BYTES):
                data = decoder.feed(chunk)
                if not self._begun:
                    self._check_beginning(data)
                yield from self._fed(parser, data)
                if self._progress is not None:
                    self._progress(len(chunk))
            yield from self._fed(parser, decoder.finish())
            parser.feed(f"</{_WRAPPER}>".encode())
            wrapper = parser.close()
        except etree.XMLSyntaxError as error:
            raise UnreadableFile(_syntax(error)) from error
        self.facts.windows_1252, self.facts.repaired = decoder.windows_1252, decoder.repaired
        self._look_at_root(wrapper)

    def _check_beginning(self, data: bytes) -> None:
        """Tell a file of another format from a damaged one: the person has to choose XML in Tally, not export again."""
        text = data.lstrip()
        if text:
            self._begun = True
            if not text.startswith(b"<"):
                begins = text[:20].decode("utf-8", "replace")
                raise UnreadableFile(f"the file is not XML (it begins with {begins!r}); in Tally export it as XML")

    def _fed(self, parser: "etree.XMLPullParser", data: bytes) -> Iterator[Record]:
        self._since_record += len(data)
        parser.feed(data)
        for _, element in parser.read_events():
            record = self._seen(element) if isinstance(element, Element) else None
            if record is not None:
                yield record
                self._since_record = 0
                _drop(record.element)
        if self._since_record > RECORD_BYTES_MAX:
            raise UnreadableFile(
                f"{RECORD_BYTES_MAX >> 20} MiB of the file hold no complete master or voucher; it is not a Tally export"
            )

    def _seen(self, element: Element) -> Record | None:
        """The record an element is; None when it is a fact about the file, noted, or part of something else."""
        tag = str(element.tag)
        parent = element.getparent()
        parent_tag = "" if parent is None else str(parent.tag)
        if parent_tag in _CONTAINERS:
            if tag in RECORD_TAGS:
                self.facts.records += 1
                return Record(tag, element, _line(element), self.facts.records)
            if tag in OTHER_TAGS:
                self.facts.others[tag] = self.facts.others.get(tag, 0) + 1
        if tag in REPORT_TAGS:
            self.facts.report_rows[tag] = self.facts.report_rows.get(tag, 0) + 1
        elif tag in _HEADER_TAGS and parent_tag == "HEADER":
            said = self.facts.header.setdefault(tag, [])
            if len(said) < _FACTS_MAX:
                said.append(plain_text(element.text))
        elif tag in _FACT_TAGS or tag in _ANSWER_TAGS:
            self._note(tag, parent_tag, element)
        return None

    def _note(self, tag: str, parent_tag: str, element: Element) -> None:
        facts = self.facts
        if max(len(facts.line_errors), len(facts.contexts), len(facts.windows)) >= _FACTS_MAX:
            return
        if tag == "LINEERROR":
            facts.line_errors.append(plain_text(element.text))
        elif tag == "SVCURRENTCOMPANY" and parent_tag == "STATICVARIABLES":
            facts.current_company = [plain_text(element.text)]
        elif tag == "COMPANYCONTEXT":
            facts.contexts.append(_context(element))
        elif tag == "REMOTECMPINFO.LIST" and parent_tag == "COMPANY":
            remote = {str(child.tag): plain_text(child.text) for child in element}
            if remote not in facts.remote_companies and len(facts.remote_companies) < _FACTS_MAX:
                facts.remote_companies.append(remote)
        elif tag == "REQUESTWINDOW":
            facts.windows.append((element.get("FROMDATE", ""), element.get("TODATE", "")))
        elif tag in _ANSWER_TAGS:
            facts.answer = {str(child.tag): plain_text(child.text) for child in element}
            if not facts.answer:
                facts.answer = {"": plain_text(element.text)}

    def _look_at_root(self, wrapper: Element) -> None:
        if not len(wrapper):
            raise UnreadableFile("the file is empty, or holds text that is not XML; export it again from Tally as XML")
        self.facts.root = str(wrapper[-1].tag)


def _context(element: Element) -> dict[str, list[str]]:
    """Every field of a COMPANYCONTEXT with all its values, attributes and children alike, to find contradictions."""
    found: dict[str, list[str]] = {}
    for name, value in element.attrib.items():
        found.setdefault(str(name), []).append(str(value).strip())
    for child in element:
        found.setdefault(str(child.tag), []).append(plain_text(child.text))
    return found


def _line(element: Any) -> int:
    return element.sourceline or 0


def _drop(element: Any) -> None:
    """Free a record and everything before it, which the parser has finished with.

    The element itself stays as an empty shell until the next one is dropped: the parser may still append text to it.
    """
    element.clear(keep_tail=True)
    node = element
    while node is not None:
        parent = node.getparent()
        if parent is None or parent.tag == _WRAPPER:
            return
        while node.getprevious() is not None:
            del parent[0]
        node = parent if parent.tag == "TALLYMESSAGE" else None


def _syntax(error: etree.XMLSyntaxError) -> str:
    line = error.lineno or 0
    reason = (error.msg or "not XML").replace(f" {_WRAPPER}", " the end of the file")
    return f"line {line}: the file is damaged or cut short ({reason}); export it again, nothing of it was imported"
