"""The tables of the return GSTR-1 from outward supplies: which one each document goes into, and their rows.

There is no official schema; names and shapes are those that the portal and its offline tool are known to take. Notes
are filed without sign and say whether they credit or debit; tables of totals are net of notes.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final, NamedTuple

from khata.gst.breakdown import Part, by_rate, is_within, parts_of
from khata.gst.heads import NOTHING, Heads
from khata.gst.places import DEEMED_EXPORT, OVERSEAS, SEZ
from khata.gst.rates import EXEMPT, NIL_RATED, NON_GST, REVERSE_CHARGE, UNTAXED
from khata.gst.split import RUPEE_E4
from khata.gst.states import is_gstin
from khata.gst.supplies import SALES, Supply

Json = dict[str, Any]

_LARGE: Final = (("2024-08-01", 100_000 * RUPEE_E4), ("", 250_000 * RUPEE_E4))
"""Above which value an invoice to another State is told one by one though its buyer is not registered, by date."""

_AMOUNTS: Final = ("camt", "samt", "iamt", "csamt")
_NOTHING_TAXED: Final = (NIL_RATED, EXEMPT, NON_GST)


class Filed(NamedTuple):
    """An outward supply in the table it goes into; `sign` is -1 for a note that credits.

    Attributes:
        place: the code of the place of supply; empty abroad, and where it is not known.
        table: `b2b`, `b2cl`, `b2cs`, `cdnr`, `cdnur` or `exp`; empty where nothing says which.
    """

    supply: Supply
    table: str
    place: str
    sign: int
    parts: tuple[Part, ...]

    @property
    def registered(self) -> bool:
        """Whether the buyer has a GSTIN."""
        return self.table in ("b2b", "cdnr")


def filed(supply: Supply) -> Filed:
    """Which table an outward supply goes into."""
    note = supply.header.base != SALES
    sign = -1 if note and supply.value < 0 else 1
    place = _place(supply)
    if supply.place.special == OVERSEAS:
        table = "cdnur" if note else "exp"
    elif is_gstin(supply.gstin):
        table = "cdnr" if note else "b2b"
    elif not place:
        table = ""
    elif place != supply.registration.state and abs(supply.value) > _large(supply.header.date):
        # A note against a large invoice is told one by one too; which invoice it is against is not known, so its own
        # value decides.
        table = "cdnur" if note else "b2cl"
    else:
        table = "b2cs"
    return Filed(supply, table, place, sign, tuple(parts_of(supply)))


def _place(supply: Supply) -> str:
    if supply.place.supply or supply.place.special == OVERSEAS:
        return supply.place.supply
    return supply.registration.state if any(supply.tax[:2]) and is_within(supply) else ""


def _large(date: str) -> int:
    return next(value for since, value in _LARGE if date >= since)


def tables(documents: Iterable[Filed]) -> dict[str, Any]:
    """Every table but HSN and documents issued; tables without rows are left out.

    Args:
        documents: in the order in which they are to stand.
    """
    found: dict[str, Any] = {}
    small: dict[tuple[str, str, int], list[Any]] = {}
    untaxed: dict[str, dict[str, int]] = {}
    for document in documents:
        for part in document.parts:
            if part.component.taxed.taxability in UNTAXED and document.table:
                kinds = untaxed.setdefault(_supply_type(document), dict.fromkeys(_NOTHING_TAXED, 0))
                kinds[part.component.taxed.taxability] += part.component.value
        rates = _rates(document.supply, document.sign)
        if not rates or not document.table:
            continue
        if document.table == "b2cs":
            _add_small(small, document)
        else:
            found.setdefault(document.table, []).append((document, rates))
    result: dict[str, Any] = {table: _WRITERS[table](found[table]) for table in _WRITERS if table in found}
    if small:
        result["b2cs"] = [_small_row(key, *small[key]) for key in sorted(small)]
    if untaxed:
        result["nil"] = {"inv": [_untaxed_row(kind, untaxed[kind]) for kind in sorted(untaxed)]}
    return result


def number(e4: int) -> Decimal:
    """An amount as the exact number that stands in the file, to the paisa or finer."""
    text = Decimal(e4).scaleb(-4).normalize()
    return text.quantize(Decimal("0.01")) if -int(text.as_tuple().exponent) < 2 else text


def rate_number(e6: int) -> Decimal | int:
    """A rate in percent as a number, whole where it is."""
    whole, rest = divmod(e6, 1_000_000)
    return whole if not rest else Decimal(e6).scaleb(-6).normalize()


def heads(tax: Heads, always: tuple[str, ...] = _AMOUNTS) -> Json:
    """Tax by the names of the file; heads that are not `always` told are told where there is any."""
    named = zip(_AMOUNTS, tax, strict=True)
    return {name: number(amount) for name, amount in named if amount or name in always}


# -- one by one --------------------------------------------------------------------------------------------------------

Rates = dict[int, tuple[int, Heads]]


def _rates(supply: Supply, sign: int) -> Rates:
    """The taxed values of a document by rate: value and tax."""
    found: Rates = {}
    for row in by_rate(supply):
        if row.taxability not in UNTAXED:
            value, tax = found.get(row.levy.rate, (0, NOTHING))
            more = Heads(*(sign * amount for amount in row.tax))
            found[row.levy.rate] = (value + sign * row.taxable, tax.plus(more))
    return found


def _items(rates: Rates, always: tuple[str, ...]) -> list[Json]:
    return [
        {
            "num": at,
            "itm_det": {"rt": rate_number(rate), "txval": number(rates[rate][0]), **heads(rates[rate][1], always)},
        }
        for at, rate in enumerate(sorted(rates), 1)
    ]


def _date(date: str) -> str:
    return f"{date[8:]}-{date[5:7]}-{date[:4]}"


def _invoice(document: Filed) -> Json:
    header = document.supply.header
    return {"inum": header.number, "idt": _date(header.date), "val": number(document.supply.value)}


def _note(document: Filed) -> Json:
    header = document.supply.header
    return {
        "ntty": "C" if document.sign < 0 else "D",
        "nt_num": header.number,
        "nt_dt": _date(header.date),
        "val": number(document.sign * document.supply.value),
    }


def _standing(document: Filed) -> Json:
    supply = document.supply
    reverse = any(part.component.taxed.taxability == REVERSE_CHARGE for part in document.parts)
    kind = "R"
    if supply.place.special == SEZ:
        kind = "SEWP" if supply.tax.total else "SEWOP"
    elif supply.party.registration == DEEMED_EXPORT:
        kind = "DE"
    return {"pos": document.place, "rchrg": "Y" if reverse else "N", "inv_typ": kind}


Documents = list[tuple[Filed, Rates]]


def _by_party(documents: Documents, field: str) -> list[Json]:
    found: dict[str, list[Json]] = {}
    for document, rates in documents:
        told = _note(document) if field == "nt" else _invoice(document)
        row = {**told, **_standing(document), "itms": _items(rates, _AMOUNTS)}
        found.setdefault(document.supply.gstin, []).append(row)
    return [{"ctin": gstin, field: found[gstin]} for gstin in sorted(found)]


def _b2cl(documents: Documents) -> list[Json]:
    found: dict[str, list[Json]] = {}
    for document, rates in documents:
        row = {**_invoice(document), "itms": _items(rates, ("iamt", "csamt"))}
        found.setdefault(document.place, []).append(row)
    return [{"pos": place, "inv": found[place]} for place in sorted(found)]


def _cdnur(documents: Documents) -> list[Json]:
    rows = []
    for document, rates in documents:
        abroad = document.supply.place.special == OVERSEAS
        kind = ("EXPWP" if document.supply.tax.total else "EXPWOP") if abroad else "B2CL"
        place = {} if abroad else {"pos": document.place}
        rows.append({**_note(document), "typ": kind, **place, "itms": _items(rates, ("iamt", "csamt"))})
    return rows


def _exp(documents: Documents) -> list[Json]:
    found: dict[str, list[Json]] = {}
    for document, rates in documents:
        items = [item["itm_det"] for item in _items(rates, ("iamt", "csamt"))]
        kind = "WPAY" if document.supply.tax.total else "WOPAY"
        found.setdefault(kind, []).append({**_invoice(document), "itms": items})
    return [{"exp_typ": kind, "inv": found[kind]} for kind in sorted(found, reverse=True)]


_WRITERS: Final = {
    "b2b": lambda documents: _by_party(documents, "inv"),
    "b2cl": _b2cl,
    "cdnr": lambda documents: _by_party(documents, "nt"),
    "cdnur": _cdnur,
    "exp": _exp,
}


# -- totals ------------------------------------------------------------------------------------------------------------


def _add_small(small: dict[tuple[str, str, int], list[Any]], document: Filed) -> None:
    where = "INTRA" if document.place == document.supply.registration.state else "INTER"
    for rate, (value, tax) in _rates(document.supply, 1).items():
        sums = small.setdefault((where, document.place, rate), [0, NOTHING])
        sums[0] += value
        sums[1] = sums[1].plus(tax)


def _small_row(key: tuple[str, str, int], value: int, tax: Heads) -> Json:
    where, place, rate = key
    always = ("camt", "samt", "csamt") if where == "INTRA" else ("iamt", "csamt")
    return {
        "sply_ty": where, "typ": "OE", "pos": place, "rt": rate_number(rate), "txval": number(value),
        **heads(tax, always),
    }  # fmt: skip


def _supply_type(document: Filed) -> str:
    within = document.place == document.supply.registration.state
    return ("INTRA" if within else "INTR") + ("B2B" if document.registered else "B2C")


def _untaxed_row(kind: str, amounts: dict[str, int]) -> Json:
    return {
        "sply_ty": kind,
        "nil_amt": number(amounts[NIL_RATED]),
        "expt_amt": number(amounts[EXEMPT]),
        "ngsup_amt": number(amounts[NON_GST]),
    }
