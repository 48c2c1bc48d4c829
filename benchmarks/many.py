"""A company of many branches that has one relay, made without a network: what `benchmarks.branches` measures with."""

import argparse
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.agreeing import agree, carry
from benchmarks.company import Placed, posting_of, save_masters, vouchers
from khata.beginning import found_books
from khata.books import Books
from khata.folder import BooksFolder
from p2p.chain import BranchAdded
from p2p.founding import COMPANY, admit_device, append
from p2p.grants import OWN_BRANCH, PRESETS, VOUCHERS_UP
from p2p.identity import DeviceKeys
from p2p.limits import QUOTA_BYTES
from p2p.relay_admission import admit_relay
from p2p.relay_home import RelayCard, RelayHome
from p2p.replica import Replica
from p2p.scope import is_within, voucher_scope
from p2p.store import Store

RULES: Final = (OWN_BRANCH, VOUCHERS_UP)
"""Branches have one of these with the head office, in turn."""
OFFICE, RELAY, CROWD, TICKET = "office", "relay", "branches", "ticket"
DAYS: Final = 7


def series_of(number: int) -> str:
    """The code of a branch in voucher numbers: `B000`, `B001`, …"""
    return f"B{number:03d}"


def make(folder: Path, branches: int, each: int, fresh: int) -> None:
    """Make the head office with every master, the branches with their vouchers, and a relay that serves nobody yet.

    The branches hold all of `control`, except for the last ones, which hold the control chain alone.

    Args:
        fresh: how many of the branches are as they are when they come for the first time.
    """
    office = found_books(BooksFolder(folder / OFFICE), "Sharma Traders", "Head Office", "HO", "asha").books
    placed = vouchers(branches * each, 1)
    save_masters(office, placed)
    _invite(office, folder)
    keys = [_admit(office, number) for number in range(branches)]
    informed = folder / "informed.db"
    _inform(office, informed, keys[0])
    for number in range(branches):
        copy = folder / CROWD / series_of(number)
        copy.mkdir(parents=True)
        keys[number].save(copy / "device.key")
        if number < branches - fresh:
            shutil.copy(informed, copy / "khata.db")
        branch = Replica(Store.open(copy / "khata.db"), keys[number], office.company)
        with branch.transaction():
            branch.store.set_meta(COMPANY, office.company)
            if number < branches - fresh:
                _save(branch, series_of(number).lower(), placed[number::branches], office.now())
            else:
                branch.extend_chain(office.replica.chain_entries(-1))
        branch.store.close()
    informed.unlink()
    office.close()


def _admit(office: Books, number: int) -> DeviceKeys:
    """Admit a branch, which has a rule with the head office then."""
    keys, name, series = DeviceKeys.generate(os.urandom), f"Branch {number}", series_of(number)
    preset = RULES[number % len(RULES)]
    append(office.replica, BranchAdded(time=office.now(), code=series.lower(), name=name))
    grant = PRESETS[preset](series.lower())
    admit_device(office.replica, (keys.public, keys.seal_public), name, series.lower(), series, grant, office.now())
    branch = Replica(Store.open(Path(":memory:")), keys, office.company)
    agree(office.replica, branch, preset, office.now())
    branch.store.close()
    return keys


def _inform(office: Books, path: Path, keys: DeviceKeys) -> None:
    """Make a copy that holds all of `control`, which is the same for every device."""
    branch = Replica(Store.open(path), keys, office.company)
    branch.extend_chain(office.replica.chain_entries(-1))
    scopes = [scope for scope in office.replica.store.scopes() if is_within(scope, "control")]
    for scope in sorted(scopes):
        carry(office.replica, branch, scope, 0, office.now())
    branch.store.close()


def _save(branch: Replica, code: str, placed: Sequence[Placed], now: int) -> None:
    """One commit for each voucher."""
    for voucher in placed:
        scope = voucher_scope(code, posting_of(voucher.item)["base"], voucher.date)
        branch.commit(scope, [voucher.item], now)


def _invite(office: Books, folder: Path) -> None:
    home = RelayHome.make(folder / RELAY, RelayCard("Relay", ("127.0.0.1:7420",)), os.urandom)
    ticket = home.invite([], QUOTA_BYTES, DAYS, office.now(), os.urandom)
    home.close()
    admit_relay(office.replica, ticket, office.now())
    (folder / TICKET).write_text(ticket.text(), encoding="ascii")


def main() -> None:
    """Make the company, in a process of its own."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--branches", type=int, required=True)
    parser.add_argument("--vouchers", type=int, required=True)
    parser.add_argument("--fresh", type=int, required=True)
    options = parser.parse_args()
    make(options.folder, options.branches, options.vouchers, options.fresh)


if __name__ == "__main__":
    main()
