"""Planning vouchers: identity, what they post as, whether they balance, and what changed since the last import.

Between reading and planning a voucher is kept packed, with a small number for each name in it: a hundred thousand of
them take some fifty megabytes, and the names become ids while they are unpacked.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from crdt_models.errors import BadValue, DocumentTooLarge
from crdt_models.masters import SOURCE
from crdt_models.packing import Value
from crdt_models.registers import difference, plain
from crdt_models.saves import SAVE_ID_BYTES, pack_save
from crdt_models.vouchers import BLANK, KIND, Posting, Unbalanced, check, imported_voucher_id, posting_from, totals
from khata.tally.names import Names
from khata.tally.parsed import ParsedVoucher, Reference
from khata.tally.plan import FileTotals, Finding, ImportView, Place, Plan, PlannedSave, Skipped

_REFERENCE = 1
_PLACE_BYTES = 6
_PARTY_SIDES = {"sales": 1, "debit-note": 1, "payment": 1, "purchase": -1, "receipt": -1, "credit-note": -1}
"""Whether the party of a voucher is debited (1) or credited (-1) in nearly all vouchers of a base type."""

_SMALL_BYTES = 14 * 1024
"""Below this no save can be too large for a document, whatever user and origin add to it."""

_SIGN_LINES_MIN = 2
_SIGN_SHARE = 0.9
_NOTES_SHOWN = 5


class PackedVouchers:
    """The vouchers of one file, packed, and the names that stand in all of them."""

    def __init__(self, references: "References") -> None:
        self._references = references
        self._packed: list[bytes] = []
        self.with_flag = 0
        self.against_flag = 0
        self.notes: list[str] = []
        self.noted = 0
        self._alike: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._packed)

    def add(self, parsed: ParsedVoucher) -> None:
        """Keep one voucher."""
        self.with_flag += parsed.with_flag
        self.against_flag += parsed.against_flag
        for text in parsed.notes:
            self.noted += 1
            if len(self.notes) < _NOTES_SHOWN:
                self.notes.append(f"record {parsed.place.record}: {text}")
        identity = parsed.identity or self._own_identity(parsed)
        fields = (identity, parsed.type_name, parsed.date, parsed.registers, sorted(parsed.silent))
        place = parsed.place.line.to_bytes(_PLACE_BYTES, "big") + parsed.place.record.to_bytes(_PLACE_BYTES, "big")
        self._packed.append(place + self._references.encode(fields))

    def _own_identity(self, parsed: ParsedVoucher) -> str:
        """An identity where the source gives none: type, date and number, else content and which of those alike."""
        if parsed.number:
            return f"{parsed.type_name}\0{parsed.date}\0{parsed.number}"
        content = hashlib.sha256(_spell_out(parsed.registers)).hexdigest()
        self._alike[content] += 1
        return f"{content}\0{self._alike[content]}"

    def take(self) -> list[bytes]:
        """All vouchers, which are then no longer held here."""
        packed, self._packed = self._packed, []
        return packed


class References:
    """A number for each name in packed vouchers, and back."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str, bool], int] = {}
        self.all: list[Reference] = []
        self._encoder = msgspec.msgpack.Encoder(enc_hook=self._extension)

    def encode(self, value: object) -> bytes:
        """Msgpack of a value in which names stand."""
        return self._encoder.encode(value)

    def _extension(self, value: object) -> msgspec.msgpack.Ext:
        if not isinstance(value, Reference):
            raise TypeError(f"{type(value).__name__} stands in a parsed voucher")
        number = self._numbers.get(value.key)
        if number is None:
            number = self._numbers[value.key] = len(self.all)
            self.all.append(value)
        return msgspec.msgpack.Ext(_REFERENCE, number.to_bytes(4, "big"))


_spell_out = msgspec.msgpack.Encoder(enc_hook=lambda name: [name.kind, name.name], order="deterministic").encode


class VoucherPlanner:
    """Plans the vouchers of one file after another."""

    def __init__(self, plan: Plan, view: ImportView, names: Names, references: References, company: bytes) -> None:
        self._plan = plan
        self._view = view
        self._names = names
        self._references = references
        self._company = company
        self._seen: dict[bytes, tuple[Place, int]] = {}
        self._binding = ""
        self._known: dict[int, bytes | None] = {}
        self._decode = msgspec.msgpack.Decoder(ext_hook=self._resolved).decode

    def plan_file(self, vouchers: PackedVouchers, totals_: FileTotals) -> None:
        """Plan the vouchers of one file; `totals_` names file and binding and receives the sums."""
        self._binding = totals_.binding
        self._known.clear()
        sides: Counter[int] = Counter()
        unbalanced = repeated = 0
        count = len(vouchers)
        for packed in vouchers.take():
            place, content = _place_of(packed, totals_.file), packed[2 * _PLACE_BYTES :]
            identity, type_name, date, registers, silent = self._decode(content)
            try:
                posting = self._posting(registers, type_name)
                document = imported_voucher_id(self._company, self._binding, identity)
                if self._is_repeated(document, place, hash(content)):
                    repeated += 1
                    self._names.forget()
                    continue
                self._plan_one(document, identity, posting, registers, frozenset(silent))
            except (BadValue, Unbalanced, DocumentTooLarge) as error:
                self._names.forget()
                unbalanced += isinstance(error, Unbalanced)
                number = registers.get("number") or "without number"
                self._plan.skipped.append(Skipped(place, f"{type_name} {number} of {date}"[:120], str(error)))
                continue
            self._names.create()
            sides.update(_party_side(posting))
            _add_totals(totals_, posting, type_name)
        self._judge_balance(totals_.file, unbalanced, count)
        self._judge_signs(totals_.file, vouchers, sides)
        self._note(totals_.file, vouchers, repeated)

    def _resolved(self, code: int, data: memoryview) -> bytes | None:
        if code != _REFERENCE:
            raise ValueError(f"extension {code} stands in a packed voucher")
        number = int.from_bytes(data, "big")
        found = self._known.get(number)
        if found is not None:
            return found
        reference = self._references.all[number]
        document = self._names.resolve(reference, self._binding)
        if self._names.find(reference.kind, reference.name, self._binding)[1]:
            self._known[number] = document
        return document

    def _posting(self, registers: dict[str, Any], type_name: str) -> Posting:
        """The checked posting of a voucher, which now knows what it posts as."""
        value = registers["posting"]
        value["base"] = self._names.base(value["type"], type_name)
        for line in value.get("stock", ()):
            if line.get("unit"):
                self._names.note_unit(line["item"], line["unit"])
            if value["base"] == "physical-stock":
                line["quantity"] = line.get("quantity", "0").removeprefix("-")
        posting = posting_from(value)
        check(posting)
        return posting

    def _is_repeated(self, document: bytes, place: Place, content: int) -> bool:
        """Whether this voucher was met before in this import.

        Raises:
            BadValue: it was, with other content.
        """
        first = self._seen.setdefault(document, (place, content))
        if first[0] == place:
            return False
        if first[1] != content:
            raise BadValue(f"its GUID is also that of {first[0]}, which says something else; export one of them again")
        return True

    def _plan_one(
        self, document: bytes, identity: str, posting: Posting, registers: dict[str, Any], silent: frozenset[str]
    ) -> None:
        new = not self._view.exists(KIND, document)
        before = None if new else self._view.previous_import(KIND, document, self._binding)
        said = {name: registers[name] for name in BLANK if name in registers}
        after: dict[str, Value] = {name: value for name, value in said.items() if value != BLANK[name]}
        after["posting"] = plain(posting)
        after[SOURCE + self._binding] = {"guid": identity}
        if before is not None:
            _keep_unsaid(before, after, silent)
        emptied = {name: BLANK[name] for name in said if name != "cancelled"}
        changes = difference(before or {}, after, emptied)
        if not changes:
            self._plan.count(KIND).unchanged += 1
            return
        save = PlannedSave(KIND, document, self._binding, changes, new, posting.base, posting.date)
        _check_size(save)
        self._plan.add(save)

    def _judge_balance(self, file: str, unbalanced: int, count: int) -> None:
        if unbalanced and unbalanced * 2 > count:
            share = f"all {count}" if unbalanced == count else f"{unbalanced} of {count}"
            text = f"{share} vouchers do not balance; the export seems to leave out ledger lines, export the Day Book"
            self._plan.findings.append(Finding("unbalanced", file, text))

    def _judge_signs(self, file: str, vouchers: PackedVouchers, sides: Counter[int]) -> None:
        lines, against = vouchers.with_flag + vouchers.against_flag, vouchers.against_flag
        parties, wrong = sides.total(), sides[-1]
        if _is_most(against, lines):
            evidence = f"in {against} of {lines} ledger lines the sign of AMOUNT contradicts Tally's own debit flag"
        elif _is_most(wrong, parties):
            evidence = f"in {wrong} of {parties} vouchers the party stands on the wrong side"
        else:
            return
        text = (
            f"the file seems to be sign-reversed: {evidence}. In Tally's XML a debit is negative; amounts were taken so"
        )
        self._plan.findings.append(Finding("sign-reversed", file, f"{text}, look at the balances before using them"))

    def _note(self, file: str, vouchers: PackedVouchers, repeated: int) -> None:
        if repeated:
            text = f"{repeated} vouchers stand in the files more than once, every time alike; each was taken once"
            self._plan.findings.append(Finding("repeated", file, text))
        if vouchers.noted:
            more = f" and {vouchers.noted - len(vouchers.notes)} more" if vouchers.noted > len(vouchers.notes) else ""
            self._plan.findings.append(Finding("note", file, "; ".join(vouchers.notes) + more))


def _place_of(packed: bytes, file: str) -> Place:
    line, record = packed[:_PLACE_BYTES], packed[_PLACE_BYTES : 2 * _PLACE_BYTES]
    return Place(file, int.from_bytes(line, "big"), int.from_bytes(record, "big"))


def _keep_unsaid(before: Mapping[str, Value], after: dict[str, Value], silent: frozenset[str]) -> None:
    """Take over from the last import what this export is silent about, if it says nothing else about the voucher.

    A shorter export of the same voucher (no stock lines, no bills) is not an alteration. Nor is the empty shell that
    Tally exports of a cancelled voucher: what was cancelled stays readable.
    """
    old, new = before.get("posting"), after["posting"]
    if not isinstance(old, dict) or not isinstance(new, dict) or old == new:
        return
    is_shell = after.get("cancelled") is True and not new.get("entries") and not new.get("stock")
    if is_shell or _without(old, silent) == _without(new, silent):
        after["posting"] = old


def _without(posting: dict[str, Value], silent: frozenset[str]) -> dict[str, Value]:
    reduced = {name: value for name, value in posting.items() if name not in silent}
    entries = reduced.get("entries")
    if isinstance(entries, list):
        reduced["entries"] = [
            {name: value for name, value in entry.items() if name not in silent}
            for entry in entries
            if isinstance(entry, dict)
        ]
    return reduced


def _check_size(save: PlannedSave) -> None:
    """Refuse what no document could take, before anything is written.

    Raises:
        DocumentTooLarge: the voucher has too many lines.
    """
    if len(save.packed()) > _SMALL_BYTES:
        pack_save(save.changes, [bytes(SAVE_ID_BYTES)], "import", save.origin)


def _party_side(posting: Posting) -> list[int]:
    """Whether the party stands where it usually does (1) or opposite (-1); nothing when that cannot be said."""
    expected = _PARTY_SIDES.get(posting.base)
    amounts = [entry.amount for entry in posting.entries if entry.ledger == posting.party]
    if expected is None or posting.party is None or not amounts:
        return []
    negative = sum(amount.startswith("-") for amount in amounts) * 2 > len(amounts)
    return [expected if not negative else -expected]


def _add_totals(totals_: FileTotals, posting: Posting, type_name: str) -> None:
    debit, credit = totals([posting])
    totals_.vouchers += 1
    totals_.by_type[type_name] = totals_.by_type.get(type_name, 0) + 1
    totals_.debit += debit
    totals_.credit += credit


def _is_most(part: int, whole: int) -> bool:
    return whole >= _SIGN_LINES_MIN and part >= _SIGN_SHARE * whole
