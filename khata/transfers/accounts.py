"""The ledgers that transfers are booked on: an account for each branch, and the one that goods pass through.

They are made when they are first needed, under ids that follow from their names: two branches that make the account of
a third while apart have made one ledger. Goods pass through a ledger under Purchase Accounts, so that what leaves the
stock of one branch and enters that of another changes the profit of neither.
"""

from typing import Final

from crdt_models.masters import normalised
from crdt_models.packing import Value
from khata.books import Books
from khata.entering_masters import add_master, alter_master
from khata.naming import ID_PREFIX, MasterName

BRANCHES_GROUP: Final = "Branch / Divisions"
STOCK_TRANSFERS: Final = "Stock Transfers"
_GOODS_GROUP: Final = "Purchase Accounts"


def branch_name(books: Books, code: str) -> str:
    """What people call a branch; its code where this copy does not know it."""
    branch = books.replica.chain.branches.get(code)
    return branch.name if branch is not None else code


def account_of(books: Books, code: str) -> bytes:
    """The document id of a branch's account, which is made if there is none. Inside `books.writing()`.

    Raises:
        BooksError: the group that it belongs under is not here, or another ledger has its name.
    """
    held = live_accounts(books, code)
    if held:
        return held[0].document
    name = _account_name(books, code)
    taken = books.names.taken("ledger", name)
    if taken is not None and _stands_alone(books, taken):
        return alter_master(books, "ledger", f"{ID_PREFIX}{taken.document.hex()}", {"branch": code}).id
    if taken is not None:
        name = f"{name} ({code.upper()})"
    return _made(books, name, BRANCHES_GROUP, {"branch": code})


def goods_account(books: Books) -> bytes:
    """The document id of the ledger that goods pass through, which is made if there is none. Inside `writing()`.

    Raises:
        BooksError: the group that it belongs under is not here.
    """
    held = books.names.taken("ledger", STOCK_TRANSFERS)
    return held.document if held is not None else _made(books, STOCK_TRANSFERS, _GOODS_GROUP, {})


def live_accounts(books: Books, code: str) -> list[MasterName]:
    """The ledgers that may be booked on as the account of a branch, each as what it was merged into, by id."""
    ledgers = books.names.masters("ledger")
    found = {ledgers[local] for local, of in account_ledgers(books).items() if of == code}
    live = [ledger for ledger in found if ledger.live]
    return sorted(live, key=lambda ledger: ledger.document)


def account_ledgers(books: Books) -> dict[int, str]:
    """Every ledger that reads as the account of a branch, by local id, with the code of that branch.

    A ledger that was merged into another reads as that one, and whatever reads as one ledger is the account of one
    branch: of the lowest code, should two of them have been merged.
    """
    marked = books.db.execute("SELECT id, branch FROM ledgers WHERE branch<>'' AND present ORDER BY branch DESC")
    codes = {books.names.effective("ledger", local): code for local, code in marked.fetchall()}
    if not codes:
        return {}
    ledgers = books.names.masters("ledger")
    merged = {local for local, ledger in ledgers.items() if ledger.merged_into is not None}
    found = dict(codes)
    for local in merged:
        end = books.names.effective("ledger", local)
        if end in codes:
            found[local] = codes[end]
    return found


def _account_name(books: Books, code: str) -> str:
    """ "Branch Pune", or with its code where two branches are called so."""
    name = branch_name(books, code)
    alike = [other for other in books.replica.chain.branches.values() if normalised(other.name) == normalised(name)]
    return f"Branch {name}" if len(alike) < 2 else f"Branch {name} ({code.upper()})"


def _stands_alone(books: Books, ledger: MasterName) -> bool:
    """Whether a ledger of that name is a branch account that nobody has marked, as one that came from Tally is."""
    row = books.db.execute(
        "SELECT g.reserved, l.branch FROM ledgers l JOIN groups g ON g.id=l.group_id WHERE l.id=?", (ledger.local,)
    ).fetchone()
    return row is not None and row[0] == BRANCHES_GROUP and not row[1]


def _made(books: Books, name: str, group: str, fields: dict[str, Value]) -> bytes:
    under = books.names.find_live("group", group)
    return add_master(books, "ledger", name, {**fields, "group": under.document}).id
