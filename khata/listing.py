"""Vouchers as lists and one by one: values that the command line prints as tables or JSON.

The order is by date, number and id, never by anything that only this copy knows.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from crdt_models.errors import BadValue
from crdt_models.folding import Folded
from crdt_models.money import Amount
from crdt_models.vouchers import posting_from
from khata.books import Books
from khata.late import problem_of
from khata.reports.span import check_range
from khata.showing import instant, shown
from khata.transfers.rights import as_it_counts, shown_as_voucher
from khata.versions import version_text
from khata.voucher_form import form_of
from khata.voucher_lookup import VoucherName

Json = dict[str, Any]


class Filter(NamedTuple):
    """Which vouchers to list; empty fields let all through. Dates are inclusive, names as a person writes them."""

    since: str = ""
    until: str = ""
    type: str = ""
    ledger: str = ""


EVERYTHING = Filter()


def list_vouchers(books: Books, wanted: Filter = EVERYTHING) -> list[Json]:
    """The vouchers in order of date, number and id.

    Raises:
        NotFound, Ambiguous: a name in the filter means nothing here.

    Cost: about 15 µs a voucher.
    """
    condition, values = _condition(books, wanted)
    entries = _entries(books, condition, values)
    rows = books.db.execute(
        f"{_COLUMNS} WHERE {condition} ORDER BY v.date, v.number, v.document, s.path, v.leg", values
    )
    return [_listed(books, row, entries.get(row[0], [])) for row in rows]


_COLUMNS = (
    "SELECT v.id, v.document, v.number, v.type, v.base, v.date, v.party, v.narration, v.reference, v.cancelled, "
    "v.optional, v.posted, b.code, v.leg, v.author FROM vouchers v JOIN scopes s ON s.id=v.scope "
    "JOIN branches b ON b.id=v.branch"
)


def _condition(books: Books, wanted: Filter) -> tuple[str, list[Any]]:
    conditions, values = ["1"], []
    check_range(wanted.since, wanted.until)
    if wanted.since:
        conditions.append("v.date>=?")
        values.append(wanted.since)
    if wanted.until:
        conditions.append("v.date<=?")
        values.append(wanted.until)
    for kind, text, column in (
        ("voucher-type", wanted.type, "v.type IN ({})"),
        ("ledger", wanted.ledger, "v.id IN (SELECT voucher FROM entries WHERE ledger IN ({}))"),
    ):
        if text:
            locals_ = same_masters(books, kind, books.names.find(kind, text).local)
            conditions.append(column.format(", ".join(str(local) for local in locals_)))
    return " AND ".join(conditions), values


def same_masters(books: Books, kind: str, local: int) -> list[int]:
    """The local ids of all masters that read as this one: itself and those merged into it."""
    masters = books.names.masters(kind)
    merged = [other for other, master in masters.items() if master.merged_into is not None]
    return sorted({local, *(other for other in merged if books.names.effective(kind, other) == local)})


def _entries(books: Books, condition: str, values: list[Any]) -> dict[int, list[Json]]:
    """The entries of each voucher, with the names that are shown."""
    labels: dict[int, str] = {}
    found: dict[int, list[Json]] = {}
    rows = books.db.execute(
        "SELECT e.voucher, e.ledger, e.amount_e4 FROM entries e JOIN vouchers v ON v.id=e.voucher "
        f"WHERE {condition} ORDER BY e.voucher, e.line",
        values,
    )
    for voucher, ledger, amount in rows:
        label = labels.get(ledger)
        if label is None:
            label = labels[ledger] = books.names.label("ledger", ledger)
        found.setdefault(voucher, []).append({"ledger": label, "amount": Amount(amount).text})
    return found


def _listed(books: Books, row: tuple[Any, ...], entries: list[Json]) -> Json:
    (
        _, document, number, kind, base, date, party, narration, reference, cancelled, optional, posted, branch, leg,
        author,
    ) = row  # fmt: skip
    return {
        "id": document.hex(),
        "number": number,
        "type": books.names.label("voucher-type", kind),
        "base": base,
        "date": date,
        "party": books.names.label("ledger", party),
        "narration": narration,
        "reference": reference,
        "cancelled": bool(cancelled),
        "optional": bool(optional),
        "posted": bool(posted),
        "branch": branch,
        "leg": leg,
        "entered_by": books.device_name(author),
        "entries": entries,
    }


def show_voucher(books: Books, found: VoucherName) -> Json:
    """One voucher as it counts, its version, and the ids of its conflicts; or one leg of a transfer.

    `late` says that a locked period keeps something out of it, and `kept_out` what it would say with that.
    """
    document = books.document(abs(found.row))
    everything = shown_as_voucher(books, document, found.row)
    folded = as_it_counts(books, document, found.row)
    rows = books.db.execute(f"{_COLUMNS} WHERE v.id=?", (found.row,)).fetchall()
    entries = _entries(books, "v.id=?", [found.row]).get(found.row, [])
    result = _listed(books, rows[0], entries)
    form = _form(books, folded)
    conflicts = books.db.execute("SELECT id FROM conflicts WHERE document=? ORDER BY register", (abs(found.row),))
    faults = books.db.execute(
        "SELECT text FROM document_problems WHERE document=? ORDER BY code, text", (abs(found.row),)
    )
    dated = folded.values.get("reference_date", "")
    (late,) = books.db.execute("SELECT late FROM vouchers WHERE id=?", (found.row,)).fetchone()
    return {
        **result,
        **form,
        "reference_date": dated if isinstance(dated, str) else "",
        "scope": found.scope,
        "version": version_text(everything.heads),
        "conflicts": [conflict for (conflict,) in conflicts],
        "problems": [text for (text,) in faults],
        "late": bool(late),
        "kept_out": _kept_out(books, folded, everything) if late else None,
        "settle": _settle(books, abs(found.row)) if late else None,
    }


def _form(books: Books, folded: Folded) -> Json:
    try:
        return form_of(books.names, posting_from(folded.values.get("posting")))
    except BadValue:
        return {}


def _settle(books: Books, row: int) -> Json | None:
    """Why something is kept out of a voucher, and the commands that settle it."""
    problem = problem_of(books, row)
    if problem is None:
        return None
    return {
        "problem": problem.id,
        "text": problem.text,
        "settle_choices": [choice.json() for choice in problem.choices],
    }


def _kept_out(books: Books, counts: Folded, everything: Folded) -> Json:
    """What a voucher would say with all that a locked period keeps out of it, as far as that differs from what counts.

    A voucher that came late as a whole counts nowhere, and all it says is kept out.
    """
    whole = counts.values == everything.values
    before = {} if whole else {**counts.values, **_form(books, counts)}
    after = {**everything.values, **_form(books, everything)}
    return {
        field: after.get(field)
        for field in (*_form(books, everything), "number", "reference", "reference_date", "narration", "cancelled",
                      "optional")
        if after.get(field) != before.get(field)
    }  # fmt: skip


def history(books: Books, row: int) -> Iterator[Json]:
    """The edit log of one document: every save in causal order, who made it, and what it changed.

    Args:
        row: the document's local number.
    """
    document = books.document(row)
    for entry in document.history():
        save = entry.save
        yield {
            "save": save.id.hex(),
            "at": instant(save.time),
            "device": books.device_name(save.author),
            "user": save.user,
            "origin": save.origin,
            "parents": sorted(parent.hex() for parent in save.parents),
            "changes": [
                {
                    "register": change.register,
                    "before": shown(books.names, document.kind, change.register, change.before),
                    "after": shown(books.names, document.kind, change.register, change.after),
                }
                for change in entry.changes
            ],
        }
