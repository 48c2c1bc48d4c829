"""Verifying: clean books are clean, and whatever was changed behind khata's back is named."""

import pytest

from khata.books import Books
from khata.digests import books_digest, fold_bytes
from khata.verify import compared, verify
from tests.khata.company import a_branch, a_company, alter, ledger, put, sync, voucher


@pytest.fixture
def books() -> Books:
    """Books with a bit of everything, from two devices."""
    office = a_company()
    ledger(office, "Asha Stores", aliases=("Asha",), opening="10")
    pune = a_branch(office, "Pune")
    entered = voucher(office, "Receipt", "Cash 500 / Asha Stores -500")
    sync(office, pune)
    alter(office, entered.number, narration="one")
    alter(pune, entered.number, narration="two")
    put(pune, "vouchers/pun/receipt/2026-04", "voucher", b"v" * 16, posting=7)
    put(pune, "masters/widget", "widget", b"w" * 16, name="?")
    sync(office, pune)
    return office


def test_what_commits_say_is_found_to_be_so(books):
    steps: list[int] = []
    found = verify(books, steps.append)
    assert found.differences == ()
    assert found.commits == sum(steps) == books.replica.store.count()


TAMPERED = [
    ("UPDATE entries SET amount_e4 = amount_e4 * 2 WHERE line = 0", "entries"),
    ("DELETE FROM entries WHERE line = 1", "entries"),
    ("UPDATE vouchers SET narration = 'else' WHERE number <> ''", "vouchers"),
    ("UPDATE vouchers SET posted = 1", "vouchers"),
    ("UPDATE ledgers SET group_id = 1 WHERE name = 'Asha Stores'", "ledgers"),
    ("UPDATE ledgers SET opening_e4 = 0", "ledgers"),
    ("DELETE FROM aliases", "aliases"),
    ("UPDATE conflict_values SET user = 'nobody'", "conflict_values"),
    ("DELETE FROM conflicts", "conflicts"),
    ("DELETE FROM document_problems", "document_problems"),
    ("DELETE FROM unknown_documents", "unknown_documents"),
    ("DELETE FROM documents WHERE kind = 'widget'", "documents"),
    ("UPDATE documents SET yjs = x'00ff' WHERE kind = 'widget'", "documents"),
    ("UPDATE documents SET yjs = (SELECT yjs FROM documents WHERE kind = 'unit' OR kind = 'godown' LIMIT 1) "
     "WHERE kind = 'widget'", "documents"),
    ("UPDATE commits SET state = 3 WHERE row = 12", "commits"),
    ("UPDATE commits SET body = zeroblob(length(body)) WHERE row = 12", "commits"),
    ("UPDATE commits SET signature = zeroblob(64) WHERE row = 12", "commits"),
    ("UPDATE commits SET header = x'90' WHERE row = 12", "commits"),
    ("DELETE FROM commits WHERE row = 12", "scopes"),
    ("UPDATE scopes SET count = count + 1 WHERE path = 'masters/ledger'", "scopes"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "where"), TAMPERED)
def test_what_was_changed_behind_its_back_is_named(books, statement, where):
    assert books.db.execute(statement).rowcount > 0
    found = verify(books)
    assert where in {difference.where for difference in found.differences}
    assert all(difference.text for difference in found.differences)


def test_a_forged_amount_is_shown_beside_the_true_one(books):
    books.db.execute("UPDATE entries SET amount_e4 = 9990000 WHERE line = 0")
    texts = [difference.text for difference in verify(books).differences]
    assert any("9990000" in text and text.endswith("is here, but no commit says so") for text in texts)
    assert any("5000000" in text and text.endswith("is missing here, though commits say it") for text in texts)


def test_verifying_leaves_the_books_as_they_are(books):
    before = books_digest(books.replica)
    verify(books)
    assert books_digest(books.replica) == before
    voucher(books, "Receipt", "Cash 1 / Asha Stores -1")


def test_digests_agree_exactly_where_copies_do(books):
    pune = a_branch(books, "Nasik")
    assert books_digest(pune.replica) == books_digest(books.replica)
    voucher(pune, "Receipt", "Cash 1 / Asha Stores -1")
    one, other = books_digest(books.replica), books_digest(pune.replica)
    assert other["commits"] == one["commits"] + 1
    assert one["tree"] != other["tree"]
    assert one["books"] != other["books"]


def test_a_fold_is_spelled_differently_wherever_anything_differs(books):
    rows = [row for (row,) in books.db.execute("SELECT row FROM documents")]
    spelled = {fold_bytes(books.document(row).fold()) for row in rows}
    assert len(spelled) == len(rows)


def test_sorted_rows_are_compared_as_a_stream():
    here = [(None, 1), (1, "a"), (2, "b"), ("x", b"")]
    anew = [(1, "a"), (2, "c"), ("x", b"")]
    assert list(compared(iter(here), iter(anew))) == [
        ((None, 1), "is here, but no commit says so"),
        ((2, "b"), "is here, but no commit says so"),
        ((2, "c"), "is missing here, though commits say it"),
    ]
    assert list(compared(iter(()), iter(anew[:1]))) == [((1, "a"), "is missing here, though commits say it")]
