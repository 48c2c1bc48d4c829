"""Files to parsed records: the stream that `importer.plan` plans from.

One bad record is a `Skipped` in the stream and does not stop the rest. A file that is damaged, lies about itself or is
no export at all ends in a refusing finding, and then nothing of it is used.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from khata.tally import checks, masters, values, vouchers
from khata.tally.envelope import Envelope, Record
from khata.tally.errors import BadRecord, UnreadableFile
from khata.tally.parsed import FileBegins, FileEnds, Parsed, ParsedMaster, ParsedVoucher, SourceCompany
from khata.tally.plan import Finding, Place, Skipped

Progress = Callable[[int], None]
"""Told how many more bytes have been read."""


def read(paths: Iterable[Path], expected: str = "", progress: Progress | None = None) -> Iterator[Parsed]:
    """The records of several files, each between its `FileBegins` and its `FileEnds`.

    Args:
        paths: files to read, of any origin.
        expected: the GUID or name of the Tally company they should come from; empty to accept any.
        progress: told of bytes as they are read.

    Cost: about 100 microseconds a voucher; memory for one record at a time.
    """
    for path in paths:
        try:
            with path.open("rb") as source:
                yield from read_stream(source, str(path.name), expected, progress)
        except OSError as error:
            yield FileBegins(path.name)
            missing = isinstance(error, FileNotFoundError)
            why = "there is no such file; check its name and folder" if missing else error.strerror or str(error)
            text = why if missing else f"the file cannot be read: {why}"
            yield FileEnds(path.name, findings=[Finding("unreadable", path.name, text, refuses=True)])


def read_stream(source: BinaryIO, file: str, expected: str = "", progress: Progress | None = None) -> Iterator[Parsed]:
    """The records of one open file; `file` is what places and findings call it. Arguments otherwise as `read`."""
    yield FileBegins(file)
    envelope = Envelope(source, progress)
    prefixes: Counter[str] = Counter()
    dates = _Dates()
    try:
        for record in envelope.records():
            parsed = _parse(record, file)
            if record.tag == "VOUCHER":
                dates.see(record.element.findtext("DATE"))
            if isinstance(parsed, ParsedVoucher):
                prefixes.update([parsed.company_guid] if parsed.company_guid else [])
            elif isinstance(parsed, ParsedMaster):
                guid = vouchers.company_guid(parsed.guid)
                prefixes.update([guid] if guid else [])
            yield parsed
    except UnreadableFile as error:
        finding = Finding("unreadable", file, str(error), refuses=True)
        yield FileEnds(file, records=envelope.facts.records, findings=[finding])
        return
    facts = envelope.facts
    company = checks.company_of(facts, prefixes)
    found = [*checks.findings(facts, file, company, prefixes, expected), *dates.findings(checks.window_of(facts), file)]
    yield FileEnds(file, company, facts.records, found)


def find_company(path: Path) -> SourceCompany:
    """The Tally company a file came from; see `checks.company_of` for where it is looked for.

    Raises:
        OSError: the file cannot be opened.

    Cost: reads the whole file.
    """
    with path.open("rb") as source:
        for parsed in read_stream(source, path.name):
            if isinstance(parsed, FileEnds):
                return parsed.company
    return SourceCompany()


def _parse(record: Record, file: str) -> ParsedMaster | ParsedVoucher | Skipped:
    is_voucher = record.tag == "VOUCHER"
    try:
        return vouchers.parse_voucher(record, file) if is_voucher else masters.parse_master(record, file)
    except BadRecord as error:
        what = vouchers.describe(record) if is_voucher else masters.describe(record)
        return Skipped(Place(file, record.line, record.ordinal), what, str(error))


class _Dates:
    """The span of voucher dates, of vouchers left out too, to compare with the span that was asked for."""

    def __init__(self) -> None:
        self.first = ""
        self.last = ""

    def see(self, text: str | None) -> None:
        try:
            date = values.day(text or "")
        except BadRecord:
            return
        self.first = min(self.first or date, date)
        self.last = max(self.last, date)

    def findings(self, window: tuple[str, str] | None, file: str) -> Iterator[Finding]:
        if window is not None and self.first and not window[0] <= self.first <= self.last <= window[1]:
            asked = f"{window[0]} to {window[1]} was asked for"
            text = f"vouchers from {self.first} to {self.last} are in the file, but {asked}; check the period"
            yield Finding("period", file, text)
