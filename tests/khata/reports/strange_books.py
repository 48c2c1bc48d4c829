"""Books in which everything has happened that reports must bear, drawn by Hypothesis: two branches, not always in sync.

Ledgers are merged, deleted while others use them, moved into groups that stand under each other, and named before they
arrive; vouchers are cancelled, optional, or of types that do not post; cash is under way between the branches.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from hypothesis import strategies as st

from khata.books import Books
from khata.entering import cancel
from khata.entering_masters import alter_master, delete_master, merge_masters
from khata.errors import BooksError
from khata.voucher_lookup import find_voucher
from tests.khata.company import a_branch, a_company, ledger, put, sync, voucher
from tests.khata.transfers.shops import send, take

LEDGERS = {
    "Cash": "Cash-in-Hand",
    "Bank": "Bank Accounts",
    "Asha": "Sundry Debtors",
    "Bina": "Sundry Debtors",
    "Ganesh": "Sundry Creditors",
    "Sales": "Sales Accounts",
    "Purchases": "Purchase Accounts",
    "Rent": "Indirect Expenses",
    "Commission": "Indirect Incomes",
    "Profit & Loss A/c": "",
}
NAMES = list(LEDGERS)
TYPES = ["Journal", "Receipt", "Sales", "Payment", "Memorandum", "Contra", "Purchase"]
DATES = ["2026-04-02", "2026-05-10", "2026-06-30"]
GROUPS = ["Sundry Debtors", "Current Assets", "Indirect Expenses", "Suspense A/c"]

at = st.integers(0, 1)
name = st.sampled_from(NAMES)
date = st.sampled_from(DATES)
amount = st.integers(1, 10**9).map(lambda e4: f"{e4 // 10_000}.{e4 % 10_000:04}")
signed = st.tuples(st.sampled_from(["", "-"]), amount).map("".join)
happenings = st.lists(
    st.one_of(
        st.tuples(st.just("enter"), at, st.sampled_from(TYPES), name, name, amount, date, st.booleans()),
        st.tuples(st.just("enter"), at, st.sampled_from(TYPES), name, name, amount, date, st.just(False)),
        st.tuples(st.just("sell"), at, st.integers(1, 9), amount, date),
        st.tuples(st.just("cancel"), at, st.integers(0, 9)),
        st.tuples(st.just("merge"), at, name, name),
        st.tuples(st.just("delete"), at, name),
        st.tuples(st.just("open"), at, name, signed),
        st.tuples(st.just("stock"), at, st.integers(1, 9), amount),
        st.tuples(st.just("missing"), at, amount, date),
        st.tuples(st.just("regroup"), at, name, st.sampled_from(GROUPS)),
        st.tuples(st.just("lose group"), at, name),
        st.tuples(st.just("ring"), at, st.sampled_from(GROUPS), st.sampled_from(GROUPS)),
        st.tuples(st.just("send"), at, amount, date),
        st.tuples(st.just("take"), at, st.integers(0, 9), date),
        st.tuples(st.just("sync")),
    ),
    min_size=4,
    max_size=14,
)


class Shops(NamedTuple):
    """The two branches."""

    office: Books
    pune: Books


def strange_books(what: list[tuple[Any, ...]]) -> Shops:
    """Two branches to which all this has happened; what khata refuses has not."""
    office = a_company()
    for one, group in LEDGERS.items():
        if group and one != "Cash":
            ledger(office, one, group)
    put(office, "masters/stock-item", "stock-item", b"i" * 16, name="Soap")
    shops = Shops(office, a_branch(office, "Pune"))
    for count, (happening, *rest) in enumerate(what):
        if happening == "sync":
            sync(*shops)
        else:
            with suppress(BooksError):
                HAPPENINGS[happening](shops[rest[0]], count, *rest[1:])
    return shops


def _enter(books: Books, _: int, kind: str, debit: str, credit: str, much: str, on: str, optional: bool) -> None:
    voucher(books, kind, f"{debit} {much} / {credit} -{much}", on, optional=optional)


def _sell(books: Books, _: int, quantity: int, much: str, on: str) -> None:
    line = {"item": "Soap", "quantity": f"-{quantity}", "amount": f"-{much}", "ledger": "Sales"}
    voucher(books, "Sales", f"Asha {much} / Sales -{much}", on, stock=[line])


def _cancel(books: Books, _: int, which: int) -> None:
    rows = books.db.execute("SELECT DISTINCT document FROM vouchers WHERE leg='' ORDER BY document").fetchall()
    if rows:
        cancel(books, find_voucher(books.db, books.names, rows[which % len(rows)][0].hex()))


def _merge(books: Books, _: int, one: str, into: str) -> None:
    merge_masters(books, "ledger", one, into)


def _delete(books: Books, _: int, one: str) -> None:
    delete_master(books, "ledger", one)


def _open(books: Books, _: int, one: str, balance: str) -> None:
    alter_master(books, "ledger", one, {"opening": balance})


def _stock(books: Books, _: int, quantity: int, value: str) -> None:
    opening = [{"quantity": str(quantity), "value": value}]
    put(books, "masters/stock-item", "stock-item", b"i" * 16, name="Soap", opening=opening)


def _missing(books: Books, count: int, much: str, on: str) -> None:
    branch = books.member.branch
    posting = {
        "base": "journal",
        "type": books.names.find("voucher-type", "Journal").document,
        "date": on,
        "entries": [
            {"ledger": bytes([count]) * 16, "amount": much[:-2]},
            {"ledger": books.names.find("ledger", "Cash").document, "amount": f"-{much[:-2]}"},
        ],
    }
    put(books, f"vouchers/{branch}/journal/2026-04", "voucher", bytes([count, 1]) * 8, posting=posting)


def _regroup(books: Books, _: int, one: str, group: str) -> None:
    alter_master(books, "ledger", one, {"group": books.names.find("group", group).document})


def _lose_group(books: Books, count: int, one: str) -> None:
    found = books.names.find("ledger", one)
    put(books, "masters/ledger", "ledger", found.document, group=bytes([count, 2]) * 8)


def _ring(books: Books, _: int, one: str, other: str) -> None:
    first, second = (books.names.find("group", group).document for group in (one, other))
    put(books, "masters/group", "group", first, parent=second)
    put(books, "masters/group", "group", second, parent=first)


def _send(books: Books, _: int, much: str, on: str) -> None:
    send(books, "pun" if books.member.branch == "ho" else "ho", much, on)


def _take(books: Books, _: int, which: int, on: str) -> None:
    rows = books.db.execute("SELECT DISTINCT document FROM vouchers WHERE leg='dispatch' ORDER BY document").fetchall()
    if rows:
        take(books, rows[which % len(rows)][0].hex(), on)


HAPPENINGS: dict[str, Callable[..., None]] = {
    "enter": _enter,
    "sell": _sell,
    "cancel": _cancel,
    "merge": _merge,
    "delete": _delete,
    "open": _open,
    "stock": _stock,
    "missing": _missing,
    "regroup": _regroup,
    "lose group": _lose_group,
    "ring": _ring,
    "send": _send,
    "take": _take,
}
