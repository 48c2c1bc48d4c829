"""The oracle speaks up: one damage a test, done by raw SQL or by withholding."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crdt_models.saves import pack_save
from khata.books import Books, Change
from khata.conflicts import list_conflicts
from khata.entering import Entered, cancel
from khata.entering_masters import add_master
from khata.periods import lock_period
from p2p.commit import make_commit
from p2p.packed import Item
from p2p.scope import RECOVERY_KEYS_SCOPE
from p2p.store import ACCEPTED, StoredCommit
from simulations.oracle import Looked
from tests.khata.company import NOW, alter, found, ledger, seeded, voucher
from tests.khata.transfers.shops import send, take
from tests.simulations.test_oracle_content import two
from tests.simulations.watched_company import OFFICE, RELAY_NAME, Company, checks, texts

RECEIPTS = "(SELECT id FROM scopes WHERE path LIKE 'vouchers/%')"


def watched(folder: Path) -> Company:
    """Two copies with which nothing is wrong."""
    company = two(folder)
    assert texts(company.now()) == []
    return company


def spoken(company: Company) -> set[str]:
    """The checks that speak at any moment; those that are only made in the end say no less."""
    now = checks(company.now())
    assert now <= checks(company.end())
    return now


def acknowledged(company: Company) -> bytes:
    """Enter a voucher in Pune, of which a person is told that it is saved."""
    saved = voucher(company.books["Pune"], "Receipt", "Cash 7 / Asha Stores -7").commit
    assert saved is not None
    company.oracle.acknowledged("Pune", [saved])
    return saved


def test_an_acknowledged_save_is_gone(tmp_path: Path):
    company = watched(tmp_path)
    saved = acknowledged(company)
    assert texts(company.now()) == []
    company.damage("Pune", f"DELETE FROM commits WHERE id=x'{saved.hex()}'")
    assert {"saved", "digests"} <= spoken(company)


def test_the_store_of_a_device_is_gone(tmp_path: Path):
    company = watched(tmp_path)
    acknowledged(company)
    company.books["Pune"].close()
    company.path("Pune").unlink()
    assert spoken(company) == {"saved"}


def test_the_control_chain_is_gone(tmp_path: Path):
    company = watched(tmp_path)
    company.damage("Pune", "DELETE FROM chain")
    assert "stored" in spoken(company)


def test_of_a_device_that_was_put_back_nothing_is_expected(tmp_path: Path):
    company = watched(tmp_path)
    saved = acknowledged(company)
    company.oracle.restored("Pune")
    company.damage("Pune", f"DELETE FROM commits WHERE id=x'{saved.hex()}'")
    assert "saved" not in checks(company.now())


def test_a_commit_did_not_come(tmp_path: Path):
    company = watched(tmp_path)
    acknowledged(company)
    assert texts(company.now()) == []
    (text,) = texts(company.end())
    assert text.startswith(f"complete: {OFFICE} lacks 1 commit in vouchers/pun/receipt/2026-04 that Pune has, 1 of")
    assert company.oracle.lacking("Pune", OFFICE)


def test_the_body_of_a_commit_was_altered(tmp_path: Path):
    company = watched(tmp_path)
    company.damage("Pune", f"UPDATE commits SET body=flipped(body) WHERE scope IN {RECEIPTS}")
    assert "stored" in checks(company.end())


def test_a_body_is_missing(tmp_path: Path):
    company = watched(tmp_path)
    company.damage("Pune", f"UPDATE commits SET body=NULL WHERE scope IN {RECEIPTS}")
    assert "stored" in checks(company.end())


def test_a_header_was_altered(tmp_path: Path):
    company = watched(tmp_path)
    company.damage("Pune", f"UPDATE commits SET header=flipped(header) WHERE scope IN {RECEIPTS}")
    assert "stored" in checks(company.end())


def test_a_commit_is_signed_by_nobody(tmp_path: Path):
    company = two(tmp_path)
    for name in (OFFICE, "Pune"):
        company.damage(name, f"UPDATE commits SET signature=flipped(signature) WHERE scope IN {RECEIPTS}")
    assert checks(company.now()) == {"signed"}


def test_a_digest_is_not_that_of_its_commits(tmp_path: Path):
    company = watched(tmp_path)
    company.damage("Pune", "UPDATE scopes SET sum=flipped(sum) WHERE path LIKE 'vouchers/%'")
    assert spoken(company) == {"digests"}


def test_an_entry_does_not_balance(tmp_path: Path):
    company = watched(tmp_path)
    company.damage("Pune", "UPDATE entries SET amount_e4=amount_e4+1 WHERE line=0")
    assert {"balanced", "trial-balance"} <= spoken(company)


def test_an_entry_counts_twice_over(tmp_path: Path):
    company = watched(tmp_path)
    company.damage("Pune", "UPDATE entries SET amount_e4=amount_e4*2")
    assert checks(company.end()) == {"shown", "equal"}


def test_a_voucher_is_shown_otherwise_than_it_was_saved(tmp_path: Path):
    company = watched(tmp_path)
    alter(company.books["Pune"], "HO/26-27/00001", narration="in full")
    company.damage("Pune", "UPDATE vouchers SET narration='on account'")
    assert spoken(company) >= {"shown"}


def test_a_voucher_left_the_tables(tmp_path: Path):
    company = watched(tmp_path)
    company.damage("Pune", "DELETE FROM entries", "DELETE FROM vouchers")
    assert checks(company.end()) == {"shown", "equal"}


def test_a_ledger_is_called_otherwise(tmp_path: Path):
    company = watched(tmp_path)
    company.damage("Pune", "UPDATE ledgers SET name='Usha' WHERE name='Asha Stores'")
    assert checks(company.end()) == {"shown"}


def clashing(folder: Path) -> Company:
    company = two(folder)
    alter(company.books["Pune"], "HO/26-27/00001", "Cash 600 / Asha Stores -600")
    alter(company.office, "HO/26-27/00001", "Cash 700 / Asha Stores -700")
    company.meet()
    assert texts(company.now()) == []
    assert list_conflicts(company.office)
    return company


def test_a_clash_is_not_listed(tmp_path: Path):
    company = clashing(tmp_path)
    company.damage("Pune", "DELETE FROM conflicts")
    assert spoken(company) == {"conflicts"}


def test_a_clash_is_listed_with_one_of_its_values(tmp_path: Path):
    company = clashing(tmp_path)
    company.damage("Pune", "DELETE FROM conflict_values WHERE position=2")
    assert spoken(company) == {"conflicts"}


def test_a_clash_is_made_up(tmp_path: Path):
    company = watched(tmp_path)
    company.damage(
        "Pune", "INSERT INTO conflicts SELECT 'made up', row, 'number', 0 FROM documents WHERE kind='voucher' LIMIT 1"
    )
    assert spoken(company) == {"conflicts"}


def test_a_number_was_given_twice(tmp_path: Path):
    company = watched(tmp_path)
    voucher(company.office, "Receipt", "Cash 7 / Asha Stores -7")
    company.damage(OFFICE, "UPDATE vouchers SET number='HO/26-27/00001'")
    assert "numbers" in spoken(company)


def number(books: Books, entered: Entered, text: str) -> None:
    """Give a voucher another number, past every rule."""
    document = books.document(found(books, entered.id.hex()).row)
    books.save(document.scope, [Change("voucher", entered.id, {"number": text}, document.heads())])


def two_of_one_number(company: Company) -> None:
    for books in (company.office, company.books["Pune"]):
        number(books, voucher(books, "Receipt", "Cash 7 / Asha Stores -7"), "X1")


def test_a_number_was_given_twice_by_two_devices_that_have_not_met(tmp_path: Path):
    company = watched(tmp_path)
    two_of_one_number(company)
    assert texts(company.now()) == []
    assert checks(company.end()) == {"numbers", "complete"}


def test_after_a_clone_a_number_twice_has_to_be_listed(tmp_path: Path):
    company = watched(tmp_path)
    company.oracle.numbers_may_double()
    two_of_one_number(company)
    company.meet()
    assert texts(company.oracle.check_end(duplicates={OFFICE: ["X1"], "Pune": ["X1"]})) == []
    (text,) = texts(company.oracle.check_end(duplicates={OFFICE: ["X1"], "Pune": []}))
    assert text == "numbers: Pune holds several vouchers of type receipt with the number X1: not listed"


def test_a_commit_is_where_it_may_not_be(tmp_path: Path):
    company = watched(tmp_path)
    company.branch("Tablet", grant="masters-only")
    assert texts(company.now()) == []
    company.damage(
        "Tablet",
        f"ATTACH '{company.path(OFFICE)}' AS office",
        "INSERT OR IGNORE INTO scopes (path, sum, count) SELECT path, sum, count FROM office.scopes "
        "WHERE path LIKE 'vouchers/%'",
        "INSERT INTO commits (scope, prefix, id, header, signature, body, state, source) "
        "SELECT (SELECT id FROM scopes s WHERE s.path=o.path), c.prefix, c.id, c.header, c.signature, c.body, 1, "
        "(SELECT id FROM links LIMIT 1) FROM office.commits c JOIN office.scopes o ON o.id=c.scope "
        "WHERE o.path LIKE 'vouchers/%'",
    )
    assert "entitled" in spoken(company)


def test_a_commit_whose_author_may_not_write_there(tmp_path: Path):
    company = watched(tmp_path)
    tablet = company.branch("Tablet", grant="masters-only").replica
    assert texts(company.now()) == []
    forged = Item(bytes(16), "keys", pack_save({}, (), "mallory"))
    commit = make_commit(
        tablet.keys, RECOVERY_KEYS_SCOPE, [forged], NOW, b"", tablet.chain.seen, b"", None, seeded("forged")
    )
    store = tablet.store
    with store.transaction():
        place = store.next_row(), store.scope_id(RECOVERY_KEYS_SCOPE)
        signed, body = (commit.header_bytes, commit.signature), commit.ciphertext
        store.append([StoredCommit(*place, commit.id, *signed, body, ACCEPTED, None)])
    assert "entitled" in spoken(company)


def test_a_relay_holds_a_key(tmp_path: Path):
    company = watched(tmp_path)
    company.relay()
    company.meet()
    assert texts(company.end()) == []
    key = company.office.replica.keyring.key(company.office.replica.chain.epochs[0], "vouchers")
    assert key is not None
    company.damage(RELAY_NAME, f"INSERT INTO meta VALUES ('stray', x'{key.hex()}')")
    assert checks(company.end()) == {"relay"}


def test_a_relay_holds_plaintext(tmp_path: Path):
    company = watched(tmp_path)
    company.relay()
    company.meet()
    company.oracle.secrets.add("Asha Stores")
    company.damage(RELAY_NAME, "INSERT INTO meta VALUES ('stray', 'paid by Asha Stores')")
    assert checks(company.end()) == {"relay"}


def test_in_sync_was_shown_while_something_was_missing(tmp_path: Path):
    company = watched(tmp_path)
    voucher(company.books["Pune"], "Receipt", "Cash 7 / Asha Stores -7")
    company.damage("Pune", "UPDATE links SET settled_row=(SELECT max(row) FROM commits), in_sync_at=in_sync_at+1")
    assert checks(company.now()) == {"in-sync"}


def test_in_sync_was_shown_while_something_was_missing_here(tmp_path: Path):
    company = watched(tmp_path)
    voucher(company.books["Pune"], "Receipt", "Cash 7 / Asha Stores -7")
    assert texts(company.now()) == []
    digest = company.books["Pune"].replica.view(1, company.office.replica.keys.id).digest("").short
    company.damage(OFFICE, f"UPDATE links SET theirs=x'{digest.hex()}', in_sync_at=in_sync_at+1")
    assert checks(company.now()) == {"in-sync"}


def test_the_control_chain_is_not_signed_by_its_keeper(tmp_path: Path):
    company = two(tmp_path)
    company.damage("Pune", "UPDATE chain SET entry=flipped(entry) WHERE seq=3")
    assert "stored" in spoken(company)


def test_what_may_be_read_stays_shut(tmp_path: Path):
    company = watched(tmp_path)
    company.damage("Pune", f"UPDATE commits SET state=2 WHERE scope IN {RECEIPTS}")
    assert "complete" in checks(company.end())


def test_what_is_right_was_set_aside(tmp_path: Path):
    company = watched(tmp_path)
    company.damage("Pune", f"UPDATE commits SET state=3 WHERE scope IN {RECEIPTS}")
    assert "cut" in checks(company.end())


def test_a_store_cannot_be_read(tmp_path: Path):
    company = watched(tmp_path)
    company.damage("Pune", "UPDATE chain SET entry=CAST(entry AS TEXT) WHERE seq=3")
    assert "stored" in spoken(company)


def test_goods_of_a_cancelled_voucher_have_gone(tmp_path: Path):
    company = watched(tmp_path)
    books = company.office
    add_master(books, "unit", "Nos", {})
    add_master(books, "stock-item", "Soap", {"unit": books.names.find("unit", "Nos").document})
    ledger(books, "Sales", "Sales Accounts")
    sold = [{"item": "Soap", "quantity": "-2", "rate": "5", "amount": "-10"}]
    invoice = voucher(books, "Sales", "Asha Stores 10 / Sales -10", stock=sold)
    cancel(books, found(books, invoice.id.hex()))
    company.meet()
    assert texts(company.now()) == []
    company.damage(OFFICE, "UPDATE stock_lines SET posted=1")
    assert checks(company.end()) == {"shown"}


def test_a_transfer_stands_otherwise_than_its_legs_say(tmp_path: Path):
    company = watched(tmp_path)
    sent = send(company.office, "Pune", "500")
    company.meet()
    take(company.books["Pune"], sent)
    company.meet()
    assert texts(company.end()) == []
    company.damage(OFFICE, "UPDATE transfers SET state='sent'")
    assert checks(company.end()) == {"shown"}


def test_a_number_was_passed_over(tmp_path: Path):
    company = watched(tmp_path)
    number(company.office, voucher(company.office, "Receipt", "Cash 7 / Asha Stores -7"), "HO/26-27/00003")
    company.meet()
    (text,) = texts(company.end())
    assert text.startswith(f"numbers: {OFFICE} has passed over number 2 of type receipt in the series HO/26-27/")


def save(company: Company, values: Mapping[str, Any], meant: Mapping[str, Any] | None = None) -> None:
    """Let a person at head office save something about its voucher, past every rule."""
    books = company.office
    voucher_here = found(books, "HO/26-27/00001")
    document, row = books.document(voucher_here.row), books.replica.store.next_row() - 1
    looked = Looked(row, frozenset(), books.replica.chain_head()[0] + 1)
    (commit,) = books.save(document.scope, [Change("voucher", document.id, values, document.heads())])
    wanted = [(document.id, register, value) for register, value in (meant or {}).items()]
    company.oracle.acknowledged(OFFICE, [commit.id], looked, wanted)


def test_a_save_says_something_else_than_was_meant(tmp_path: Path):
    company = watched(tmp_path)
    save(company, {"narration": "in full"}, {"narration": "in full"})
    assert texts(company.now()) == []
    save(company, {"narration": "in part"}, {"narration": "paid"})
    assert checks(company.now()) == {"meant"}


def test_a_save_says_again_what_stood_so(tmp_path: Path):
    company = watched(tmp_path)
    save(company, {"narration": "on account"})
    assert checks(company.now()) == {"meant"}


def test_somebody_who_knows_of_a_lock_changes_what_it_closed(tmp_path: Path):
    company = watched(tmp_path)
    lock_period(company.office, "2026-04-30")
    assert texts(company.now()) == []
    save(company, {"narration": "in full"})
    assert checks(company.now()) == {"closed"}
