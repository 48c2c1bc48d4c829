"""From parsed records to a plan: nothing is written, nothing is read but the records and what the books answer.

Names are resolved when every file has been read, because a day book may stand before the masters it needs.
"""

from collections.abc import Callable, Iterable

from khata.tally.names import Names, guessed_base
from khata.tally.parsed import FileBegins, FileEnds, Parsed, ParsedMaster, ParsedVoucher, SourceCompany
from khata.tally.plan import FileTotals, Finding, ImportView, Plan, PlannedSave, Skipped
from khata.tally.plan_masters import MasterPlanner
from khata.tally.plan_vouchers import PackedVouchers, References, VoucherPlanner

Binding = str | Callable[[SourceCompany], str]
"""The name of a source, or how to make it from the Tally company that a file turns out to be of."""

_LABEL_CHARS_MAX = 64
_NAMES_SHOWN = 8


def binding_for(device: str) -> Callable[[SourceCompany], str]:
    """The usual binding: this device and the Tally company's GUID, or its name where a file gives no GUID.

    Args:
        device: the device's id as text; two devices that import the same company are two sources.
    """
    return lambda company: f"{device}/{company.label[:_LABEL_CHARS_MAX]}"


def plan(records: Iterable[Parsed], view: ImportView, company: bytes, binding: Binding, branch: str) -> Plan:
    """What importing these records would save.

    Args:
        records: what `reader.read` yields; read to their end.
        view: what the books hold; asked, never changed.
        company: the company's 32-byte id.
        binding: names the source, see `binding_for`; one text for all files or made for each from its company.
        branch: the code of the branch that new vouchers will belong to.

    Returns:
        A plan whose saves turn the books into what the files say. Importing the same files again gives an empty one; a
        voucher that is no longer in the files is left alone. A file with a refusing finding contributes nothing.

    Cost: about 100 microseconds and half a kilobyte a voucher.
    """
    result = Plan(branch)
    references = References()
    names = Names(view, company)
    masters = MasterPlanner(result, view, names, company)
    files = list(_collected(records, result, references, masters, binding))
    masters.plan_all()
    vouchers = VoucherPlanner(result, view, names, references, company)
    for totals, packed in files:
        vouchers.plan_file(packed, totals)
    _add_created(result, names)
    return result


class _File:
    """What one file has brought so far; only used when its end says that it may be."""

    def __init__(self, references: References) -> None:
        self.masters: list[ParsedMaster] = []
        self.vouchers = PackedVouchers(references)
        self.skipped: list[Skipped] = []


def _collected(
    records: Iterable[Parsed], result: Plan, references: References, masters: MasterPlanner, binding: Binding
) -> Iterable[tuple[FileTotals, PackedVouchers]]:
    """The vouchers of each file that may be used, once all of it is read; its masters are collected on the way."""
    file = _File(references)
    for parsed in records:
        if isinstance(parsed, FileBegins):
            file = _File(references)
        elif isinstance(parsed, ParsedVoucher):
            file.vouchers.add(parsed)
        elif isinstance(parsed, ParsedMaster):
            file.masters.append(parsed)
        elif isinstance(parsed, Skipped):
            file.skipped.append(parsed)
        else:
            result.findings += parsed.findings
            if any(finding.refuses for finding in parsed.findings):
                continue
            source = binding if isinstance(binding, str) else binding(parsed.company)
            result.skipped += file.skipped
            for master in file.masters:
                masters.collect(master, source)
            totals = _totals(parsed, source, len(file.masters))
            result.totals.append(totals)
            yield totals, file.vouchers


def _totals(ends: FileEnds, binding: str, masters: int) -> FileTotals:
    company = ends.company
    return FileTotals(
        ends.file, company.name or company.guid, company.guid, company.state, binding, ends.records, masters
    )


def _add_created(result: Plan, names: Names) -> None:
    """Plan the masters that were named and nowhere defined, and say so."""
    for (kind, document), master in names.created.items():
        result.add(PlannedSave(kind, document, "", master.registers(), new=True))
        result.defaults.setdefault(kind, []).append(master.name)
    for kind, found in result.defaults.items():
        shown = ", ".join(repr(name) for name in found[:_NAMES_SHOWN])
        more = f" and {len(found) - _NAMES_SHOWN} more" if len(found) > _NAMES_SHOWN else ""
        where = " under Suspense A/c" if kind == "ledger" else ""
        text = f"{_counted(len(found), kind)} named but defined in no file and created{where}: {shown}{more}"
        result.findings.append(Finding("default", "", f"{text}; import the masters too, then they take their place"))
    for name in names.guessed.values():
        text = f"the voucher type {name!r} is defined nowhere; its vouchers post as {guessed_base(name)}"
        result.findings.append(Finding("voucher-type", "", f"{text}; import the voucher types to correct that"))


def _counted(number: int, kind: str) -> str:
    """How many masters of a kind, as the start of a sentence: "1 ledger is", "3 cost categories are"."""
    word = kind.replace("-", " ")
    if number == 1:
        return f"1 {word} is"
    return f"{number} {word[:-1]}ies are" if word.endswith("y") else f"{number} {word}s are"
