"""How books begin on this machine: founding a company, or the empty books of a device that is about to join one."""

import os
from collections.abc import Callable
from typing import NamedTuple

from crdt_models.masters import KINDS, Company, Currency, company_details_id, master_id
from crdt_models.predefined import BASE_CURRENCY, predefined
from crdt_models.saves import ORIGIN_INIT
from khata.books import USER_META, Books, Change, open_store, system_now
from khata.chores import FIRST_RULE
from khata.errors import BooksError
from khata.folder import BooksFolder
from khata.projection import BooksProjection
from p2p.founding import COMPANY, found_company
from p2p.identity import DeviceKeys, Random
from p2p.keyring import HPKE, Sealer
from p2p.limits import NAME_CHARS_MAX, SERIES_CHARS_MAX
from p2p.recovery import new_phrase, recovery_keys
from p2p.replica import Replica
from p2p.scope import master_scope
from p2p.store import Store


class Founded(NamedTuple):
    """The books of a new company, and the recovery phrase that is shown once and kept nowhere."""

    books: Books
    phrase: str


def found_books(
    folder: BooksFolder, company: str, branch: str, code: str, user: str, random: Random = os.urandom
) -> Founded:
    """Make the books of a new company in an empty folder, with the masters that every company starts with.

    Args:
        company: its name.
        branch: name of the branch this device stands in.
        code: this device's code in voucher numbers, 1 to 4 letters and digits.
        user: who works here.

    Raises:
        BooksError: the folder holds books or something else already, or the branch or the code cannot be used.
        StoreError, KeyFileError: the disk refuses. Founding may simply be repeated after any of them.
    """
    if not company.strip():
        raise BooksError('the company needs a name, such as khata init "Sharma Traders"')
    branch, code = checked_branch(branch, code)
    keys, store = _prepare(folder, random)
    phrase = new_phrase(random)
    try:
        books = start_books(store, keys, recovery_keys(phrase), company, branch, code, user, folder, random=random)
    except BaseException:
        store.close()
        raise
    return Founded(books, phrase)


def checked_branch(name: str, code: str) -> tuple[str, str]:
    """The name and the code of a branch as they will stand in the control chain.

    Raises:
        BooksError: the name is empty, too long or cannot be shown, or the code is malformed.
    """
    name, series = name.strip(), code.upper()
    if not name or len(name) > NAME_CHARS_MAX or not name.isprintable():
        raise BooksError(f"{name[:40]!r} cannot be a branch's name; use 1 to {NAME_CHARS_MAX} letters, digits, spaces")
    if not 1 <= len(series) <= SERIES_CHARS_MAX or not (series.isascii() and series.isalnum()):
        raise BooksError(f"{code!r} cannot be a code; it is 1 to {SERIES_CHARS_MAX} letters and digits, such as PUN")
    return name, series


def start_books(
    store: Store,
    keys: DeviceKeys,
    recovery: DeviceKeys,
    company: str,
    branch: str,
    code: str,
    user: str,
    folder: BooksFolder | None = None,
    now: Callable[[], int] = system_now,
    random: Random = os.urandom,
    sealer: Sealer = HPKE,
) -> Books:
    """Found a company in an empty store with tables, in one transaction. Arguments otherwise as `found_books`.

    Args:
        recovery: the keys that follow from the recovery phrase.
    """
    with store.transaction():
        replica = found_company(store, keys, recovery, branch, code, now(), BooksProjection(), random, sealer)
        store.set_meta(USER_META, user.encode())
        books = Books(replica, user, folder, now, random)
        _save_first_masters(books, company.strip())
    return books


def joining_books(
    folder: BooksFolder, company: bytes, user: str, random: Random = os.urandom, preset: str = ""
) -> Books:
    """Open the books of a device that joins a company: new ones, or those of an attempt that broke off.

    Args:
        company: company id from the ticket, 32 bytes.
        preset: of the rule that the ticket promises; it is accepted when it comes.

    Raises:
        BooksError: the folder holds the books of another company, or something else.
    """
    held = _company_in(folder)
    if held is not None and held != company:
        raise BooksError(f"the folder {folder.path} holds the books of another company; choose another with --books")
    keys, store = _prepare(folder, random, again=held is not None)
    begin_to_join(store, company, user, preset)
    return Books(Replica(store, keys, company, BooksProjection(), random), user, folder)


def begin_to_join(store: Store, company: bytes, user: str, preset: str = "") -> None:
    """Note in a store with tables whose books are to come into it. Arguments as `joining_books`."""
    with store.transaction():
        store.set_meta(COMPANY, company)
        store.set_meta(USER_META, user.encode())
        if preset and store.meta(FIRST_RULE) is None:
            store.set_meta(FIRST_RULE, preset.encode())


def _prepare(folder: BooksFolder, random: Random, again: bool = False) -> tuple[DeviceKeys, Store]:
    """The key and the database of a folder, made where they are not there yet."""
    folder.check_ours_or_empty()
    if not again and _company_in(folder) is not None:
        raise BooksError(
            f"there are books in {folder.path} already; choose another folder with --books, or just go on with these"
        )
    folder.make()
    if folder.key_file.exists():
        keys = DeviceKeys.load(folder.key_file)
    else:
        keys = DeviceKeys.generate(random)
        keys.save(folder.key_file)
    return keys, open_store(folder)


def _company_in(folder: BooksFolder) -> bytes | None:
    if not folder.database.exists():
        return None
    store = open_store(folder)
    try:
        return store.meta(COMPANY)
    finally:
        store.close()


def _save_first_masters(books: Books, company: str) -> None:
    changes: dict[str, list[Change]] = {kind: [] for kind in KINDS}
    currency = master_id(books.company, Currency.KIND, BASE_CURRENCY)
    details = Company(name=company, currency=currency)
    changes[Company.KIND].append(Change(Company.KIND, company_details_id(books.company), details.registers()))
    for id, master in predefined(books.company):
        changes[master.KIND].append(Change(master.KIND, id, master.registers()))
    for kind, saves in changes.items():
        if saves:
            books.save(master_scope(kind), saves, ORIGIN_INIT)
