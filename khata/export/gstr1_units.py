"""The codes by which the GST portal knows units of quantity, from what a unit says of itself or from its name."""

from shlex import quote
from typing import Final, NamedTuple

from crdt_models.masters import normalised
from khata.books import Books

OTHERS: Final = "OTH"

_NAMES: Final = {
    "BAG": "bag bags", "BAL": "bale bales", "BDL": "bundle bundles", "BKL": "buckle buckles", "BOU": "", "BOX": "boxes",
    "BTL": "bottle bottles", "BUN": "bunch bunches", "CAN": "cans", "CBM": "cum m3", "CCM": "", "CMS": "cm",
    "CTN": "carton cartons", "DOZ": "dozen dozens dz", "DRM": "drum drums", "GGK": "", "GMS": "g gm gram grams grm",
    "GRS": "gross", "GYD": "", "KGS": "kg kilo kilos kilogram kilograms", "KLR": "kl kilolitre kilolitres",
    "KME": "km kms kilometre kilometres", "LTR": "l lt ltrs lts litre litres liter liters", "MLT": "ml mls millilitre",
    "MTR": "m mtrs metre metres meter meters", "MTS": "", "NOS": "no number numbers each ea", OTHERS: "",
    "PAC": "pack packs packet packets pkt pkts", "PCS": "pc piece pieces", "PRS": "pair pairs pr", "QTL": "quintal "
    "quintals", "ROL": "roll rolls", "SET": "sets", "SQF": "sqft sft", "SQM": "sqm sqmtr m2", "SQY": "sqyd",
    "TBS": "tablet tablets tab tabs", "TGM": "", "THD": "thousand thousands", "TON": "tons tonne tonnes", "TUB": "tube "
    "tubes", "UGS": "", "UNT": "unit units", "YDS": "yd yard yards",
}  # fmt: skip
"""Every code, with what else people call the unit."""

_CODES: Final = {name: code for code, names in _NAMES.items() for name in (code.lower(), *names.split())}


def _spelled(text: str) -> str:
    """A name without the dots and spaces that people put into abbreviations."""
    return normalised(text).replace(".", "").replace(" ", "")


class UnitCode(NamedTuple):
    """The code of a unit; `finding` says what to do where the portal will read it as others."""

    code: str
    finding: str = ""


class UnitCodes:
    """The codes of the units of one copy."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._known: dict[int | None, UnitCode] = {}
        self._of_items = dict(books.db.execute("SELECT id, unit FROM stock_items").fetchall())

    def of(self, item: int, unit: int | None) -> UnitCode:
        """The code of the unit a line is counted in, or of its item's unit.

        Args:
            item, unit: local ids.
        """
        local = self._of_items.get(item) if unit is None else unit
        if local is not None:
            local = self._books.names.effective("unit", local)
        found = self._known.get(local)
        if found is None:
            found = self._known[local] = self._read(item, local)
        return found

    def findings(self) -> list[str]:
        """What to do about the units that were asked for and have no code, in order of name."""
        return sorted({found.finding for found in self._known.values() if found.finding})

    def _read(self, item: int, unit: int | None) -> UnitCode:
        names = self._books.names
        if unit is None:
            called = names.label("stock-item", item)
            how = f"`khata master alter stock-item {quote(called)} --set unit=Nos`"
            return UnitCode(OTHERS, f"{called} has no unit, so it is told as {OTHERS}; say it with {how}")
        row = self._books.db.execute("SELECT quantity_code FROM units WHERE id=?", (unit,)).fetchone()
        said = (row[0] or "" if row else "").partition("-")[0]
        name = names.label("unit", unit)
        code = _CODES.get(_spelled(said)) or _CODES.get(_spelled(name))
        if code is not None:
            return UnitCode(code)
        how = f"`khata master alter unit {quote(name)} --set quantity_code=NOS-NUMBERS`, or whichever code it is"
        return UnitCode(OTHERS, f"the portal knows no unit {name}, so it is told as {OTHERS}; say it with {how}")
