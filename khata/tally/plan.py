"""What an import would do: saves in order, and everything a person should know before they happen.

Planning writes nothing. Whoever keeps the books hands in an `ImportView`, gets a `Plan`, shows it (`--dry-run`) or
carries its batches out. Saves are held packed, about half a kilobyte each, so that the plan of a hundred-megabyte day
book stays far below the size of the file.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import msgspec

from crdt_models.masters import KINDS
from crdt_models.money import Amount
from crdt_models.packing import Value
from crdt_models.saves import ORIGIN_INIT
from crdt_models.vouchers import KIND as VOUCHER

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode

BATCH_SAVES_MAX = 256
"""Saves in one batch: as many documents as one commit may bring."""


class ImportView(Protocol):
    """What planning asks of the books; all answers are read only and about live documents."""

    def find_master(self, kind: str, name: str) -> bytes | None:
        """The document id of the master that is called so now, by name or alias in normalised form."""

    def find_source(self, kind: str, binding: str, identity: str) -> bytes | None:
        """The document whose register `source:<binding>` holds this identity under "guid"; masters only."""

    def exists(self, kind: str, document: bytes) -> bool:
        """Whether there is a document of this kind and id."""

    def previous_import(self, kind: str, document: bytes, binding: str) -> Mapping[str, Value] | None:
        """The registers as this source last said them: the fold of the document's saves of origin
        `import_origin(binding)` alone; None when there is no such save."""

    def voucher_base(self, voucher_type: bytes) -> str | None:
        """The base slug of a voucher type's document; None when it is not here or has none."""


def import_origin(binding: str) -> str:
    """The `origin` of saves that carry out a plan, by which `previous_import` finds them again."""
    return f"import:{binding}"


@dataclass(frozen=True, slots=True)
class PlannedSave:
    """One save to make: `base` and `date` say in which scope a new voucher lies and are empty for masters.

    `binding` is empty for a master that no source defines and that is created with defaults.
    """

    kind: str
    id: bytes
    binding: str
    changes: dict[str, Value]
    new: bool
    base: str = ""
    date: str = ""

    @property
    def origin(self) -> str:
        """The origin to save with. What was only made up is no statement of a source: whatever a source says of it
        later counts as said after it, as with the masters of a new company."""
        return import_origin(self.binding) if self.binding else ORIGIN_INIT

    def packed(self) -> bytes:
        """The save as bytes, for `unpacked` in the same process."""
        return _encode((self.kind, self.id, self.binding, self.changes, self.new, self.base, self.date))

    @classmethod
    def unpacked(cls, packed: bytes) -> "PlannedSave":
        """What `packed` made bytes of."""
        return cls(*_decode(packed))


class Place(msgspec.Struct, frozen=True, order=True):
    """Where in which file a record stands: `line` and `record` count from 1."""

    file: str
    line: int
    record: int

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}, record {self.record}"


class Skipped(msgspec.Struct, frozen=True):
    """A record that is left out, what it is, and why."""

    place: Place
    what: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}: {self.reason}"


class Finding(msgspec.Struct, frozen=True):
    """Something about a whole file, or all of them.

    `refuses` when nothing of the file is imported because of it; `asks` when nothing at all is, unless somebody says
    that it is meant so.
    """

    code: str
    file: str
    text: str
    refuses: bool = False
    asks: bool = False


class FileTotals(msgspec.Struct):
    """What one file brings: vouchers by type, and the sums of all their debits and credits."""

    file: str
    company: str = ""
    company_guid: str = ""
    company_state: str = ""
    binding: str = ""
    records: int = 0
    masters: int = 0
    vouchers: int = 0
    by_type: dict[str, int] = {}
    debit: Amount = Amount(0)
    credit: Amount = Amount(0)


class Counts(msgspec.Struct):
    """How many documents of one kind an import makes, alters, or finds as they are."""

    new: int = 0
    altered: int = 0
    unchanged: int = 0


class Plan:
    """Saves in the order masters before vouchers, and what was found on the way.

    Attributes:
        skipped: the records that cannot be taken, each with its place and reason.
        locked: the vouchers that were taken out again, because their period is locked.
    """

    def __init__(self, branch: str) -> None:
        self.branch = branch
        self.answered: set[str] = set()
        self.counts: dict[str, Counts] = {}
        self.totals: list[FileTotals] = []
        self.skipped: list[Skipped] = []
        self.locked: list[PlannedSave] = []
        self.findings: list[Finding] = []
        self.defaults: dict[str, list[str]] = {}
        self._packed: dict[tuple[str, str, str], list[bytes]] = {}

    def __repr__(self) -> str:
        return f"<Plan of {len(self)} saves, {len(self.skipped)} records skipped, {len(self.findings)} findings>"

    def __len__(self) -> int:
        return sum(len(group) for group in self._packed.values())

    @property
    def refused(self) -> list[Finding]:
        """The findings because of which a file is left out as a whole."""
        return [finding for finding in self.findings if finding.refuses]

    @property
    def asks(self) -> list[Finding]:
        """The findings because of which nothing is carried out, less those whose codes are in `answered`."""
        return [finding for finding in self.findings if finding.asks and finding.code not in self.answered]

    @property
    def left_out(self) -> int:
        """How many records are not taken: those that cannot be read, and those of locked periods."""
        return len(self.skipped) + len(self.locked)

    @property
    def unchanged(self) -> int:
        """How many documents the books hold already just as the files say."""
        return sum(counts.unchanged for counts in self.counts.values())

    def count(self, kind: str) -> Counts:
        """The counts of one kind, to read or to add to."""
        return self.counts.setdefault(kind, Counts())

    def add(self, save: PlannedSave) -> None:
        """Append one save to its group: masters by kind, vouchers by base type and month."""
        key = (save.kind, save.base, save.date[:7])
        self._packed.setdefault(key, []).append(save.packed())
        counts = self.count(save.kind)
        if save.new:
            counts.new += 1
        else:
            counts.altered += 1

    def leave_out(self, is_left_out: Callable[[PlannedSave], bool]) -> list[PlannedSave]:
        """Take vouchers out of the plan again, into `locked`; return them."""
        taken: list[PlannedSave] = []
        for key in [key for key in self._packed if key[0] == VOUCHER]:
            saves = [PlannedSave.unpacked(packed) for packed in self._packed[key]]
            out = [save for save in saves if is_left_out(save)]
            if out:
                left = {save.id for save in out}
                self._packed[key] = [save.packed() for save in saves if save.id not in left]
                taken += out
        counts = self.count(VOUCHER)
        counts.new -= sum(save.new for save in taken)
        counts.altered -= sum(not save.new for save in taken)
        self.locked += taken
        return taken

    def batches(self) -> Iterator[list[PlannedSave]]:
        """Batches of at most `BATCH_SAVES_MAX` saves of one kind and, for vouchers, of one base type and month.

        May be called again; nothing is used up.
        """
        order = {kind: number for number, kind in enumerate((*KINDS, VOUCHER))}
        for key in sorted(self._packed, key=lambda key: (order[key[0]], key)):
            group = self._packed[key]
            for start in range(0, len(group), BATCH_SAVES_MAX):
                yield [PlannedSave.unpacked(packed) for packed in group[start : start + BATCH_SAVES_MAX]]
