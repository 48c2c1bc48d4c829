"""Records as read from a file: khata's registers, in which other masters still stand as names.

What a name refers to is only known when all files are read, so parsing leaves a `Reference` in its place.
"""

from dataclasses import dataclass, field

from khata.tally.plan import Finding, Place, Skipped


class Reference:
    """A master by kind and name; an `optional` one becomes None when there is no such master, others are created.

    No dataclass, because msgspec would pack one as a dict instead of asking what to make of it.
    """

    __slots__ = ("key", "kind", "name", "optional")

    def __init__(self, kind: str, name: str, optional: bool = False) -> None:
        self.kind = kind
        self.name = name
        self.optional = optional
        self.key = (kind, name, optional)

    def __repr__(self) -> str:
        return f"Reference({self.kind!r}, {self.name!r}{', optional=True' if self.optional else ''})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reference) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


@dataclass(frozen=True, slots=True)
class ParsedMaster:
    """One master: `registers` holds what the file says of it and nothing it is silent about."""

    place: Place
    kind: str
    name: str
    guid: str
    registers: dict[str, object]


@dataclass(frozen=True, slots=True)
class ParsedVoucher:
    """One voucher: registers with a posting that lacks its base type, which only the voucher type's master knows.

    `identity` is what the source calls it, empty where it says nothing. `with_flag` and `against_flag` count the ledger
    lines whose sign agrees and disagrees with Tally's own debit flag. `silent` names the parts of a posting that this
    export leaves out altogether.
    """

    place: Place
    identity: str
    company_guid: str
    type_name: str
    date: str
    number: str
    registers: dict[str, object]
    with_flag: int = 0
    against_flag: int = 0
    silent: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceCompany:
    """The Tally company a file came from, as far as the file says."""

    guid: str = ""
    name: str = ""
    state: str = ""

    @property
    def label(self) -> str:
        """What tells this company's exports from another's: its GUID, else its name, else "unnamed"."""
        return self.guid or self.name or "unnamed"


@dataclass(frozen=True, slots=True)
class FileBegins:
    """The records after this come from this file."""

    file: str


@dataclass(slots=True)
class FileEnds:
    """The file is read to its end, or to where it had to be given up, which a refusing finding then says."""

    file: str
    company: SourceCompany = SourceCompany()
    records: int = 0
    findings: list[Finding] = field(default_factory=list)


Parsed = FileBegins | ParsedMaster | ParsedVoucher | Skipped | FileEnds
"""What reading yields, in the order of the file."""
