"""Companies that nobody thought of, written past every rule as another version or a hostile member could."""

from hashlib import sha256
from typing import Any

from hypothesis import strategies as st

from crdt_models.masters import master_id
from crdt_models.money import Amount
from khata.books import Books
from p2p.scope import voucher_scope
from tests.khata.company import a_company, put

SIGNS = [
    *";:|*!()[]{}<>=@#%~&'\"\\,`$₹",
    "::",
    "@@",
    "(x)",
    "[2026-01-01]",
    "5",
    "-5",
    "1.000",
    "date:x",
    "id:1",
    "type:",
]
SIGNS += ["\u200d", "\u2003", "  ", "\t", "\n", "नमस्ते", "é", "e\u0301", "A", "a", "INR", " "]
TAKEN = [
    "Cash",
    "Opening Stock",
    "Difference in opening balances",
    "Stock-in-Hand",
    "A",
    "a",
    "x" * 3000,
    "नमस्ते " * 300,
]

names = st.text(max_size=10) | st.lists(st.sampled_from(SIGNS), max_size=6).map("".join) | st.sampled_from(TAKEN)
amounts = st.sampled_from([0, 1, -1, 99, 12345, 10**16 - 1]) | st.integers(1 - 10**16, 10**16 - 1)
dates = st.sampled_from(["0001-01-01", "1399-12-31", "2026-04-01", "2026-04-02", "9999-12-31"]) | st.dates().map(str)
bases = st.sampled_from(
    [("sales", "Sales"), ("receipt", "Receipt"), ("journal", "Journal"), ("sales-order", "Sales Order")]
)
places = st.integers(0, 9)

groups = st.lists(
    st.tuples(names, st.none() | places, st.sampled_from(["", "assets", "income"])), min_size=1, max_size=5
)
ledgers = st.lists(
    st.fixed_dictionaries(
        {"name": names, "group": st.none() | places, "opening": amounts},
        optional={"deleted": st.booleans(), "merged_into": places},
    ),
    min_size=4,
    max_size=9,
)
vouchers = st.lists(
    st.fixed_dictionaries({
        "date": dates, "number": names, "narration": names, "reference": names, "base": bases, "party": places,
        "entries": st.lists(st.tuples(places, amounts), max_size=4), "last": places, "forex": st.booleans(),
        "cancelled": st.sampled_from([False, False, False, True]),
    }),
    min_size=5,
    max_size=25,
)  # fmt: skip
companies = st.fixed_dictionaries({
    "name": names, "groups": groups, "ledgers": ledgers, "vouchers": vouchers, "stock": amounts
})  # fmt: skip


def made_up(drawn: dict[str, Any]) -> Books:
    """Books in memory that hold what was drawn; what it refers to may be missing, merged or deleted."""
    books = a_company("Sharma")
    put(books, "masters/company", "company", master_id(books.company, "company", "Sharma"), name=drawn["name"])
    for at, (name, parent, nature) in enumerate(drawn["groups"]):
        above = None if parent is None else id_of("group", parent)
        put(books, "masters/group", "group", id_of("group", at), name=name, parent=above, nature=nature)
    for at, made in enumerate(drawn["ledgers"]):
        registers = {
            "name": made["name"],
            "opening": Amount(made["opening"]).text,
            "deleted": made.get("deleted", False),
        }
        registers["group"] = None if made["group"] is None else id_of("group", made["group"])
        if "merged_into" in made:
            registers["merged_into"] = id_of("ledger", made["merged_into"])
        put(books, "masters/ledger", "ledger", id_of("ledger", at), **registers)
    opening = [{"quantity": "1", "value": Amount(drawn["stock"]).text}]
    put(books, "masters/stock-item", "stock-item", id_of("stock-item", 0), name="Soap", opening=opening)
    for at, made in enumerate(drawn["vouchers"]):
        _voucher(books, id_of("voucher", at), made)
    return books


def id_of(kind: str, at: int) -> bytes:
    """A document's id: nobody's until something is written there."""
    return sha256(f"{kind} {at}".encode()).digest()[:16]


def _voucher(books: Books, identity: bytes, made: dict[str, Any]) -> None:
    base, type_name = made["base"]
    pairs = [(id_of("ledger", at), amount) for at, amount in made["entries"]]
    rest = -sum(amount for _, amount in pairs)
    if abs(rest) < 10**16:
        pairs.append((id_of("ledger", made["last"]), rest))
    entries: list[dict[str, Any]] = [{"ledger": ledger, "amount": Amount(amount).text} for ledger, amount in pairs]
    if made["forex"] and entries:
        entries[0]["forex"] = {"currency": id_of("currency", 0), "amount": "1.00", "rate": "83.5"}
    posting = {
        "base": base, "type": master_id(books.company, "voucher-type", type_name), "date": made["date"],
        "party": id_of("ledger", made["party"]), "entries": entries,
    }  # fmt: skip
    texts = {register: made[register] for register in ("number", "narration", "reference")}
    scope = voucher_scope("ho", base, made["date"])
    put(books, scope, "voucher", identity, posting=posting, cancelled=made["cancelled"], **texts)
