"""What is wrong with a file as a whole: judged on what it says of itself, before anything of it is planned."""

from collections import Counter
from collections.abc import Iterator

from khata.tally import values
from khata.tally.envelope import Facts
from khata.tally.errors import BadRecord
from khata.tally.parsed import SourceCompany
from khata.tally.plan import Finding

_REPORTS = (
    ("DSPSTKINFO", "a stock summary"),
    ("DSPACCINFO", "a trial balance or another summary of balances"),
    ("DSPVCHDATE", "a printed register"),
    ("DBCFIXED", "a printed day book"),
    ("BILLFIXED", "a list of outstanding bills"),
    ("DSPACCNAME", "a summary report"),
)
_SHARE_OF_GUIDS = 0.9
"""Above this share of GUIDs with one company's prefix, the file is that company's."""


def company_of(facts: Facts, prefixes: Counter[str]) -> SourceCompany:
    """The Tally company a file came from.

    Asked in this order, for the GUID and for the name by itself: the company record that Tally puts at the end of an
    export (REMOTECMPINFO), the context of a query's answer (COMPANYCONTEXT), for the GUID then the prefix that most
    GUIDs in the file share, for the name then the company the export was asked for (SVCURRENTCOMPANY). The State is
    only told by the first.

    Args:
        facts: of the file, read to its end.
        prefixes: how many vouchers and masters carry a GUID that begins with each company's.
    """
    remote = facts.remote_companies[-1] if facts.remote_companies else {}
    context = facts.contexts[0] if facts.contexts else {}
    common = prefixes.most_common(1)[0][0] if prefixes else ""
    guid = remote.get("NAME") or next(iter(context.get("GUID", [])), "") or common
    name = remote.get("REMOTECMPNAME") or next(iter(context.get("NAME", [])), "")
    return SourceCompany(guid.lower(), name or next(iter(facts.current_company), ""), remote.get("REMOTECMPSTATE", ""))


def findings(
    facts: Facts, file: str, company: SourceCompany, prefixes: Counter[str], expected: str = ""
) -> Iterator[Finding]:
    """Everything that is wrong or noteworthy with a file that could be read to its end.

    Args:
        facts: of the file.
        file: its name, for the findings.
        company: what `company_of` found.
        prefixes: as for `company_of`.
        expected: the GUID or name of the company that the file is supposed to come from; empty to accept any.
    """
    yield from _answers(facts, file)
    yield from _status(facts, file)
    yield from _metadata(facts, file)
    yield from _companies(facts, file, company, prefixes, expected)
    yield from _contents(facts, file)
    if facts.windows_1252:
        yield Finding(
            "encoding",
            file,
            "the file holds bytes that are not UTF-8, which it should be in; they were read as Windows-1252, "
            "check accented names",
        )


def _answers(facts: Facts, file: str) -> Iterator[Finding]:
    """Tally's answer to an import is not an export, however much of it succeeded."""
    answer = facts.answer
    if answer is None:
        return
    if not any(name in answer for name in ("CREATED", "ALTERED", "ERRORS")):
        text = next((value for value in answer.values() if value), "nothing")
        yield Finding("answer", file, f"this is an answer of Tally ({text[:200]!r}), not an export", refuses=True)
        return
    counters = {
        name: answer[name] for name in ("CREATED", "ALTERED", "IGNORED", "ERRORS", "EXCEPTIONS") if name in answer
    }
    failed = any(counters.get(name, "0") != "0" for name in ("IGNORED", "ERRORS", "EXCEPTIONS")) or facts.line_errors
    outcome = "not everything was taken" if failed else "all was taken"
    said = ", ".join(f"{name.lower()} {value}" for name, value in counters.items())
    errors = "".join(f"; {text}" for text in facts.line_errors[:3])
    yield Finding(
        "answer",
        file,
        f"this is Tally's answer to an import into Tally, not an export: {outcome} ({said}{errors}); nothing to import",
        refuses=True,
    )


def _status(facts: Facts, file: str) -> Iterator[Finding]:
    statuses = facts.header.get("STATUS", [])
    for status in statuses:
        if status != "1":
            reason = "; ".join(facts.line_errors[:3]) or "without a reason"
            yield Finding(
                "status",
                file,
                f"Tally answered with STATUS {status or 'empty'}, not 1: {reason[:300]}; repeat the export",
                refuses=True,
            )
            return
    if facts.line_errors and facts.answer is None:
        yield Finding(
            "status", file, f"Tally reports an error: {'; '.join(facts.line_errors[:3])[:300]}; repeat the export", True
        )
    asked = facts.header.get("TALLYREQUEST") or facts.report_rows or facts.answer is not None
    if not statuses and not asked:
        yield Finding("status", file, "the file does not say whether its export succeeded (no STATUS); read as it is")


def _metadata(facts: Facts, file: str) -> Iterator[Finding]:
    """A COMPANYCONTEXT that contradicts itself or the records cannot be trusted to be the whole answer."""
    for context in facts.contexts:
        for name, said in context.items():
            if len(set(said)) > 1:
                text = f"the file's description of itself gives {name} as {' and as '.join(said)}; export it again"
                yield Finding("metadata", file, text[:300], refuses=True)
            elif len(said) > 1:
                yield Finding(
                    "metadata", file, f"the file's description of itself gives {name} twice, both times alike"
                )
        for said_count in context.get("RECORDCOUNT", [])[:1]:
            if not said_count.isdecimal():
                text = f"the file says it holds {said_count!r} records, which is no number; export it again"
                yield Finding("record-count", file, text[:300], refuses=True)
            elif int(said_count[:12]) != facts.records:
                text = f"the file says it holds {said_count} records, but {facts.records} are in it; it is incomplete"
                yield Finding("record-count", file, f"{text}, export it again", refuses=True)


def _companies(
    facts: Facts, file: str, company: SourceCompany, prefixes: Counter[str], expected: str
) -> Iterator[Finding]:
    remotes = {remote.get("NAME", "").lower() for remote in facts.remote_companies} - {""}
    contexts = {guid.lower() for context in facts.contexts for guid in context.get("GUID", [])} - {""}
    if len(remotes | contexts) > 1:
        names = " and ".join(sorted(remotes | contexts))
        yield Finding("mixed-company", file, f"the file says it is of more than one company: {names}", refuses=True)
    if expected and expected.casefold() not in (company.guid.casefold(), company.name.casefold()):
        found = company.name or company.guid or "no company it names"
        yield Finding("wrong-company", file, f"the file is of {found}, not of {expected}", refuses=True)
    if len(prefixes) > 1:
        total = prefixes.total()
        main = prefixes.most_common(1)[0][1]
        others = total - main
        yield Finding(
            "mixed-company",
            file,
            f"{others} of {total} records carry GUIDs of {len(prefixes) - 1} other companies; "
            "that is right where Tally itself synchronized them, and wrong where files were joined by hand",
        )
    elif prefixes and company.guid and _foreign(company.guid, prefixes):
        text = f"the records carry GUIDs of another company than {company.guid}, which the file says it is of"
        yield Finding("mixed-company", file, text)


def _foreign(guid: str, prefixes: Counter[str]) -> bool:
    return len(guid) == 36 and prefixes[guid] < _SHARE_OF_GUIDS * prefixes.total()


def _contents(facts: Facts, file: str) -> Iterator[Finding]:
    if facts.report_rows and not facts.records:
        what = next(name for tag, name in _REPORTS if tag in facts.report_rows)
        yield Finding(
            "report",
            file,
            f"this is a report ({what}), not masters or vouchers; "
            "in Tally export All Masters and the Day Book as XML instead",
            refuses=True,
        )
    elif not facts.records and facts.answer is None and not any(said != "1" for said in facts.header.get("STATUS", [])):
        yield Finding(
            "empty",
            file,
            "the file holds no masters and no vouchers; check the company and the period it was asked for"
            if facts.header
            else "this is no export of Tally: it holds no masters, no vouchers and no HEADER; export as XML from Tally",
            refuses=not facts.header,
        )
    if facts.others:
        kinds = ", ".join(f"{tag} ({count})" for tag, count in sorted(facts.others.items()))
        yield Finding("not-kept", file, f"records of kinds that khata does not keep were left out: {kinds}")


def window_of(facts: Facts) -> tuple[str, str] | None:
    """The first and last day that a file says were asked for, as "2026-07-01"; None where it says nothing."""
    for first, last in facts.windows[:1]:
        try:
            return values.day(first), values.day(last)
        except BadRecord:
            return None
    return None
