"""Every kind of problem: made by two branches apart, the same list at both, settled by each command that it names.

The commands are run as they are printed, through the command line itself, on books in folders.
"""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from khata.books import Books
from khata.entering import cancel
from khata.entering_masters import add_master, alter_master, delete_master, merge_masters
from khata.keeping import FORKED
from khata.periods import lock_period
from khata.problem import Choice, Problem
from khata.problems import CODES, find_problems
from p2p.commit import make_commit
from p2p.messages import CommitParts
from p2p.packed import Item
from tests.khata.company import NOW, alter, found, ledger, put, seeded, voucher
from tests.khata.stock import moved
from tests.khata.transfers.shops import call_off, meet, send, shops, take
from tests.khata.two_folders import TwoFolders, khata, two_folders

Work = Callable[[Books], object]
FIRST = "HO/26-27/00001"


def nothing(books: Books) -> None:
    """Do nothing while apart."""


class Case(NamedTuple):
    """How a problem comes about.

    Attributes:
        first: what the head office does before they meet.
        office, pune: what each does apart, after that.
        then: what Pune does after they have met again.
    """

    code: str
    office: Work = nothing
    pune: Work = nothing
    then: Work = nothing
    first: Work = nothing


def prepare(books: Books) -> None:
    ledger(books, "Asha Stores")
    ledger(books, "Ravi Traders")
    ledger(books, "Asha", credit_limit="500.00")
    ledger(books, "Sales", "Sales Accounts")
    for item in ("Soap", "Oil"):
        add_master(books, "stock-item", item, {"opening": [{"quantity": "10", "value": "100.00"}]})
    voucher(books, "Receipt", "Cash 500 / Asha Stores -500")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> TwoFolders:
    return two_folders(tmp_path_factory.mktemp("two"), prepare)


def scope_of(books: Books, month: str = "2026-04") -> str:
    return f"vouchers/{books.member.branch}/receipt/{month}"


def receipt(books: Books, other: str = "-5.00", credited: bytes | None = None, **more: object) -> dict[str, object]:
    return {
        "base": "receipt",
        "type": books.names.find("voucher-type", "Receipt").document,
        "date": "2026-04-02",
        "entries": [
            {"ledger": books.names.find("ledger", "Cash").document, "amount": "5.00"},
            {"ledger": credited or books.names.find("ledger", "Asha Stores").document, "amount": other},
        ],
        **more,
    }


def puts(document: bytes, month: str = "2026-04", other: str = "-5.00", **registers: object) -> Work:
    """Save a receipt past every rule, as an import, another version or a hostile member could."""
    return lambda books: put(
        books, scope_of(books, month), "voucher", document, **{"posting": receipt(books, other), **registers}
    )


def both(*works: Work) -> Work:
    """One after the other."""
    return lambda books: [work(books) for work in works]


def adds(name: str, group: str = "Sundry Debtors", uses: bool = True) -> Work:
    def work(books: Books) -> None:
        ledger(books, name, group)
        if uses:
            voucher(books, "Receipt", f"Cash 7 / {name} -7")

    return work


def renames(name: str, new: str) -> Work:
    return lambda books: alter_master(books, "ledger", name, {"name": new})


def stands_under(name: str, parent: str) -> Work:
    return lambda books: alter_master(books, "group", name, {"parent": books.names.find("group", parent).document})


def quarantined(books: Books) -> None:
    """A commit whose content is none: made past every check, and set aside wherever it comes."""
    replica = books.replica
    epoch, key = replica.keyring.current(replica.chain.epochs, scope_of(books)) or (b"", b"")
    commit = make_commit(
        replica.keys, scope_of(books), [Item(b"v" * 16, "voucher", b"not a save")], NOW, b"", replica.chain.seen,
        epoch, key, seeded("x"),
    )  # fmt: skip
    parts = (commit.header_bytes, commit.signature, commit.ciphertext)
    replica.ingest_from(replica.check_untrusted([parts]), replica.keys.id, None, NOW)


def a_voucher_that_names_nobody(books: Books) -> None:
    put(books, scope_of(books), "voucher", b"m" * 16, posting=receipt(books, credited=b"l" * 16))


def alters(entries: str) -> Work:
    return lambda books: alter(books, FIRST, entries)


def cancels(books: Books) -> None:
    cancel(books, found(books, FIRST))


def deletes(name: str) -> Work:
    return lambda books: delete_master(books, "ledger", name)


def locks(books: Books) -> None:
    lock_period(books, "2026-04-30", anyway=True)


def enters(books: Books) -> None:
    voucher(books, "Receipt", "Cash 9 / Asha Stores -9", date="2026-04-09")


def merges(name: str, into: str) -> Work:
    return lambda books: merge_masters(books, "ledger", name, into)


def sells(quantity: str, worth: str = "100") -> Work:
    return lambda books: moved(books, "Sales", f"Soap -{quantity} = {worth}")


def sends(books: Books) -> None:
    send(books, "Pune", "500")


def takes(amount: str = "") -> Work:
    return lambda books: take(books, only_transfer(books), amount=amount)


def calls_off(books: Books) -> None:
    call_off(books, only_transfer(books))


def only_transfer(books: Books) -> str:
    (found,) = books.db.execute("SELECT document FROM transfers").fetchall()
    return bytes(found[0]).hex()


def sets_the_dispatch(books: Books) -> None:
    """Write into the leg of another branch, as a hostile member could."""
    (scope,) = [path for path in books.replica.store.scopes() if path.startswith("transfers/")]
    put(books, scope, "transfer", bytes.fromhex(only_transfer(books)), dispatch={"posting": receipt(books)})


def sends_what_does_not_balance(books: Books) -> None:
    registers = {
        "route": {"from": "ho", "to": "pun", "carries": "cash"},
        "dispatch": {"posting": receipt(books, other="-6.00"), "number": "T9"},
    }
    put(books, "transfers/ho~pun/2026-04", "transfer", b"t" * 16, **registers)


CASES = {
    "one voucher altered at both": Case(
        "conflict", alters("Cash 600 / Asha Stores -600"), alters("Cash 700 / Asha Stores -700")
    ),
    "cancelled here, altered there": Case("cancelled-beside-change", cancels, alters("Cash 700 / Asha Stores -700")),
    "created and renamed here, created there": Case(
        "creation-against-rename",
        both(adds("Meera"), renames("Meera", "Meera (old)")),
        adds("meera", "Capital Account"),
    ),
    "created and deleted here, created there": Case(
        "creation-against-deletion", both(adds("Meera", uses=False), deletes("Meera")), adds("Meera")
    ),
    "created and merged here, created there": Case(
        "creation-against-deletion", both(adds("Meera"), merges("Meera", "Ravi Traders")), adds("Meera")
    ),
    "one number imported at both": Case("duplicate-number", puts(b"a" * 16, number="7"), puts(b"b" * 16, number="7")),
    "one bill imported at both, from two sources": Case(
        "possible-duplicate",
        puts(b"g" * 16, "2026-04", "-5.00", reference="B7", **{"source:ho": {"guid": "x-1"}}),
        puts(b"h" * 16, "2026-04", "-5.00", reference="B7", **{"source:pune": {"guid": "y-9"}}),
    ),
    "goods for one sold at both": Case("negative-stock", sells("8"), sells("7")),
    "goods of one branch sold at the other": Case(
        "negative-stock-at-branch",
        pune=both(sells("9"), sells("6")),
        first=lambda books: moved(books, "Receipt Note", "Soap 20 = 300"),
    ),
    "credit for one given at both": Case("credit-limit-passed", sells("1", "400"), sells("1", "300")),
    "sent and not received": Case("transfer-in-transit", sends),
    "less received than sent": Case("transfer-legs-differ", first=sends, pune=takes("450")),
    "called off here, received there": Case("transfer-cancelled-and-received", calls_off, takes(), first=sends),
    "written into another's leg": Case("transfer-written-by-wrong-branch", first=sends, pune=sets_the_dispatch),
    "a dispatch that does not balance": Case("unbalanced-posting", sends_what_does_not_balance),
    "one id in two months": Case("one-id-in-two-scopes", puts(b"c" * 16), puts(b"c" * 16, month="2026-05")),
    "a ledger that nobody has": Case("missing-master", a_voucher_that_names_nobody),
    "deleted here, used there": Case(
        "deleted-master-in-use",
        deletes("Ravi Traders"),
        lambda books: voucher(books, "Receipt", "Cash 5 / Ravi Traders -5"),
    ),
    "deleted and made anew here, used there": Case(
        "deleted-master-in-use",
        both(deletes("Ravi Traders"), adds("Ravi Traders")),
        lambda books: voucher(books, "Receipt", "Cash 5 / Ravi Traders -5"),
    ),
    "renamed to what another is called": Case("same-name", renames("Ravi Traders", "Meera"), adds("Meera")),
    "groups under each other": Case(
        "parent-cycle",
        stands_under("Sales Accounts", "Direct Incomes"),
        stands_under("Direct Incomes", "Sales Accounts"),
    ),
    "ledgers merged into each other": Case(
        "merge-cycle", merges("Ravi Traders", "Asha Stores"), merges("Asha Stores", "Ravi Traders")
    ),
    "a posting that does not balance": Case("unbalanced-posting", puts(b"d" * 16, other="-6.00", number="8")),
    "a posting of no amount": Case("impossible-posting", puts(b"e" * 16, other="-5", number="9")),
    "a ledger with an opening balance of nothing": Case(
        "bad-register",
        lambda books: put(
            books, "masters/ledger", "ledger", b"o" * 16, name="Odd", opening=7, opening_bills=[{"amount": "x"}]
        ),
    ),
    "a voucher with a number that is none": Case("bad-register", puts(b"f" * 16, number=7, optional="yes")),
    "entered into a period locked meanwhile": Case("late-voucher", locks, enters),
    "altered in a period locked meanwhile": Case("late-voucher", locks, alters("Cash 700 / Asha Stores -700")),
    "put into a period known to be locked": Case(
        "entered-into-locked-period", locks, then=puts(b"k" * 16, month="2026-04", number="K1")
    ),
    "a kind from a newer khata": Case(
        "unknown-kind", lambda books: put(books, "masters/price-list", "price-list", b"p" * 16, name="Wholesale")
    ),
    "a commit that holds no save": Case("quarantined-commit", quarantined),
}


def build(case: Case, made: TwoFolders, at: Path) -> tuple[TwoFolders, Problem]:
    two = made.copy(at)
    for office, pune in ((case.first, nothing), (case.office, case.pune), (nothing, case.then)):
        if office is not nothing or pune is not nothing:
            two.apart(office, pune)
    found = [problem for problem in two.problems() if problem.code == case.code]
    assert len(found) == 1, [problem.text for problem in two.problems()]
    return two, found[0]


@pytest.mark.parametrize("name", CASES)
def test_each_command_that_a_problem_names_settles_it_everywhere(name, made, tmp_path):
    case = CASES[name]
    two, problem = build(case, made, tmp_path / "built")
    check_told(problem)
    assert problem.choices, "nothing settles it"
    assert problem.settle == problem.choices[0].command
    for at, choice in enumerate(problem.choices):
        program, *arguments = shlex.split(choice.command)
        assert program == "khata"
        if arguments == ["sync"]:
            continue
        copy = two.copy(tmp_path / str(at))
        khata(where(copy, choice, at), *arguments)
        copy.meet()
        left = copy.problems()
        assert case.code not in [one.code for one in left], f"{choice.command} settled nothing: {left}"


def check_told(problem: Problem) -> None:
    """Who did it, when and at which branch is said of every problem."""
    assert problem.deeds, "nobody did it"
    assert {deed.device for deed in problem.deeds} <= {"Head Office", "Pune"}
    assert [deed.time_ms for deed in problem.deeds] == sorted(deed.time_ms for deed in problem.deeds)
    assert problem.branches
    assert set(problem.branches) <= {"ho", "pun"}
    assert len(problem.id) == 16


def where(two: TwoFolders, choice: Choice, at: int) -> Path:
    """Where a command is run: as its words say, where the control chain is kept, or at any of the two."""
    for name, folder in (("Head Office", two.office), ("Pune", two.pune)):
        if f"at {name}" in choice.words:
            return folder
    return two.office if "lock admit" in choice.command else two[at % 2]


def test_every_code_has_a_case():
    # These two come about otherwise: below, and in test_keeping.py.
    elsewhere = {"transfer-receipt-without-dispatch", FORKED}
    assert {case.code for case in CASES.values()} | elsewhere == set(CODES)


def test_a_receipt_whose_dispatch_is_on_its_way_is_a_problem_until_that_arrives():
    office, pune, nasik = shops("Pune", "Nasik")
    sent = send(office, "Pune", "500")
    meet(office, pune)
    take(pune, sent)
    first, second = commits_of_transfers(pune)
    for commit, expected in ((second, ["transfer-receipt-without-dispatch"]), (first, [])):
        nasik.replica.ingest_from(nasik.replica.check_untrusted([commit]), pune.replica.keys.id, None, NOW)
        nasik.names.forget()
        found = find_problems(nasik)
        named = [problem for problem in found if problem.code != "missing-master"]
        assert [problem.code for problem in named] == expected
        assert all(problem.settle == "khata sync" for problem in found)


def commits_of_transfers(books: Books) -> list[CommitParts]:
    """The commits of transfers here, in the order in which they came."""
    return [
        commit
        for scope in books.replica.store.scopes()
        if scope.startswith("transfers/")
        for commit in books.replica.page(scope, 0, 100).commits
    ]
