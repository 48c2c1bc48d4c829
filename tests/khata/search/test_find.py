"""What is found is what the books say now: after altering, cancelling, renaming, syncing and rebuilding."""

import functools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crdt_models.money import Amount
from khata.books import Books
from khata.entering import cancel
from khata.entering_masters import alter_master, delete_master, merge_masters
from khata.errors import BooksError
from khata.listing import list_vouchers
from khata.master_lists import list_masters
from khata.search.find import Wanted, find
from khata.search.words import Term, amount_tokens, terms, words
from tests.khata.company import a_branch, a_company, alter, found, ledger, sync, voucher


def names(books: Books, text: str, **wanted: str) -> list[str]:
    return [one["name"] for one in find(books, text, Wanted(**wanted))]


@pytest.fixture
def shop() -> Books:
    books = a_company("Bazaar")
    ledger(books, "Sharma Traders", aliases=("Sharmaji",), gst={"gstin": "27AAPFU0939F1ZV"}, opening="1234.50")
    ledger(books, "Asha Stores")
    ledger(books, "शर्मा किराना")
    voucher(books, "Receipt", "Cash 5000 / Sharma Traders -5000", narration="Cheque of June", date="2026-06-01")
    voucher(books, "Receipt", "Cash 5000.50 / Asha Stores -5000.50", narration="Café", date="2026-07-01")
    voucher(books, "Payment", "Asha Stores 70 / Cash -70", reference="SHARMA/17", date="2026-05-01")
    return books


def test_by_party_and_amount(shop):
    (one,) = find(shop, "sharma 5000")
    assert one == {
        "kind": "voucher",
        "name": "HO/26-27/00001",
        "type": "Receipt",
        "date": "2026-06-01",
        "amount": "5000.00",
        "party": "",
        "narration": "Cheque of June",
        "reference": "",
        "branch": "ho",
        "cancelled": False,
        "id": found(shop, "Receipt HO/26-27/00001").document.hex(),
        "command": one["command"],
    }


def test_the_best_comes_first(shop):
    ledger(shop, "New Sharma Traders")
    assert [one["name"] for one in find(shop, "sharma traders")] == [
        "Sharma Traders", "New Sharma Traders", "HO/26-27/00001",
    ]  # fmt: skip
    assert names(shop, "sharma", kind="voucher") == ["HO/26-27/00001", "HO/26-27/00001"], "the newest first"
    assert [one["date"] for one in find(shop, "5,000")] == ["2026-06-01", "2026-07-01"], "exactly so much first"
    assert [one["date"] for one in find(shop, "5000.5")] == ["2026-07-01"]
    assert find(shop, "HO/26-27/00002")[0]["date"] == "2026-07-01"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("sharmaji", "Sharma Traders"),
        ("27aapfu", "Sharma Traders"),
        ("1,234.50", "Sharma Traders"),
        ("शर्मा", "शर्मा किराना"),
        ("SHARMA/17", "HO/26-27/00001"),
        ("cafe", "HO/26-27/00002"),
        ("rece 5000.50", "HO/26-27/00002"),
        ("sundry debt", "Sundry Debtors"),
    ],
)
def test_by_whatever_is_remembered(shop, text, first):
    assert names(shop, text)[0] == first


def test_every_command_opens_what_was_found(shop):
    for one in find(shop, "sharma"):
        if one["kind"] == "voucher":
            # Numbers of two voucher types may be alike; then the id is given.
            assert (
                found(shop, one["command"].removeprefix("khata voucher show ").strip("'")).document.hex() == one["id"]
            )
        else:
            assert one["command"] == "khata ledger show 'Sharma Traders'"
    assert [one["command"] for one in find(shop, "bazaar")] == ["khata company show"]
    assert [one["command"] for one in find(shop, "primary cost")] == [
        "khata master show cost-category 'Primary Cost Category'"
    ]


def test_what_was_altered_is_found_as_it_is_now(shop):
    assert names(shop, "june") == ["HO/26-27/00001"]
    alter(shop, "Receipt HO/26-27/00001", "Cash 800 / Asha Stores -800", narration="Cheque of July")
    assert names(shop, "june") == names(shop, "sharma 5000") == []
    assert names(shop, "july 800 asha") == ["HO/26-27/00001"]
    cancel(shop, found(shop, "Receipt HO/26-27/00001"))
    (one,) = find(shop, "july")
    assert one["cancelled"]


def test_a_renamed_and_a_merged_ledger_are_found_with_all_their_vouchers(shop):
    assert len(names(shop, "asha", kind="voucher")) == 2
    alter_master(shop, "ledger", "Asha Stores", {"name": "Usha Stores"})
    assert names(shop, "asha") == []
    assert len(names(shop, "usha", kind="voucher")) == 2
    merge_masters(shop, "ledger", "Usha Stores", "Sharma Traders")
    assert len(names(shop, "sharmaji", kind="voucher")) == 3
    assert [one["merged_into"] for one in find(shop, "usha", Wanted(kind="ledger"))] == ["Sharma Traders"]
    assert len(names(shop, "usha", kind="voucher")) == 3
    delete_master(shop, "ledger", "शर्मा किराना")
    assert [one["deleted"] for one in find(shop, "शर्मा")] == [True]


def test_only_some_kinds_branches_and_dates(shop):
    pune = a_branch(shop, "Pune")
    voucher(pune, "Receipt", "Cash 5000 / Sharma Traders -5000", date="2026-06-02")
    sync(pune, shop)
    assert names(shop, "sharma 5000", branch="Pune") == ["PUN/26-27/00001"]
    assert names(shop, "sharma 5000", branch="ho", since="2026-06-01", until="2026-06-01") == ["HO/26-27/00001"]
    assert names(shop, "sharma", kind="ledger") == ["Sharma Traders"]
    assert names(shop, "sharma", kind="ledger", branch="ho") == []
    assert find(shop, "sharma", limit=1) == find(shop, "sharma")[:1]
    with pytest.raises(BooksError, match="look among"):
        find(shop, "sharma", Wanted(kind="elephant"))


def test_a_rebuild_finds_the_same(shop):
    before = find(shop, "sharma")
    shop.replica.project_again()
    shop.names.forget()
    assert find(shop, "sharma") == before


WORDS = ["sharma", "asha", "cash", "bill", "चाय", "cafe", "17"]
AMOUNTS = ["5000", "5000.50", "70", "17"]


@functools.cache
def a_busy_shop(seed: int) -> tuple[Books, Books]:
    """Two copies that wrote apart and met, and searched meanwhile."""
    chance = random.Random(seed)
    office = a_company(seed=seed)
    for name in ("Sharma Traders", "Asha Stores", "चाय Café"):
        ledger(office, name)
    pune = a_branch(office, "Pune")
    for _ in range(25):
        one = chance.choice([office, pune])
        party = chance.choice(list_masters(one, "ledger"))["name"]
        amount = chance.choice(AMOUNTS)
        entries = f"Cash {amount} / {party} -{amount}" if party != "Cash" else f"Cash {amount} / Asha Stores -{amount}"
        live = [row for row in list_vouchers(one) if not row["cancelled"]]
        text = " ".join(chance.sample(WORDS, 2))
        if live and chance.random() < 0.4:
            alter(one, chance.choice(live)["id"], entries, narration=text)
        else:
            voucher(one, "Receipt", entries, narration=text, reference=chance.choice(["", "B-17", "Bill/7"]))
        if chance.random() < 0.3:
            find(one, "sharma")
        if chance.random() < 0.2:
            sync(office, pune)
    sync(office, pune)
    return office, pune


@settings(max_examples=40)
@given(
    st.integers(0, 2),
    st.lists(st.sampled_from([*WORDS, *AMOUNTS, "sh", "B-17", "HO/26", "5,000"]), min_size=1, max_size=3),
)
def test_exactly_what_matches_is_found_and_alike_on_every_copy(seed, asked):
    office, pune = a_busy_shop(seed)
    text = " ".join(asked)
    results = find(office, text, Wanted(kind="voucher"), limit=1000)
    assert results == find(pune, text, Wanted(kind="voucher"), limit=1000)
    by_eye = {row["id"] for row in list_vouchers(office) if all(_matches(row, term) for term in terms(text))}
    assert {one["id"] for one in results} == by_eye
    assert [one["date"] for one in results] == sorted((one["date"] for one in results), reverse=True)


def _matches(row, term: Term) -> bool:
    """Whether a voucher, as it is listed, is found by a term: by reading all of it."""
    texts = [
        row["number"],
        row["narration"],
        row["reference"],
        row["type"],
        *(entry["ledger"] for entry in row["entries"]),
    ]
    amounts = [Amount.parse(entry["amount"]).e4 for entry in row["entries"]]
    amounts.append(sum(amount for amount in amounts if amount > 0))
    if any(term.amount in amount_tokens(amount) for amount in amounts):
        return True
    run = list(term.words)
    return any(
        held[at : at + len(run) - 1] == run[:-1] and held[at + len(run) - 1].startswith(run[-1])
        for held in map(words, texts)
        for at in range(len(held) - len(run) + 1)
    )
