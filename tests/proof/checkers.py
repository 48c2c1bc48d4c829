"""Three programs that nobody here wrote, and the question to each: what does every account of this file come to?

The file says which ledger an account is (its id stands beside it), so that balances are compared ledger by ledger and
not by names that both sides might spell alike.
"""

import csv
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final

from beancount import loader
from beancount.core import data
from beancount.ops import validation

ROOT: Final = Path(__file__).resolve().parents[2]
TOOLS: Final = ROOT / ".tools" / "bin"
SECONDS_MAX: Final = 60

Balances = dict[str, Decimal]
"""By ledger id in hex, or by the title of what is no ledger, such as the opening stock."""


def program(name: str) -> str:
    """Where a checker lies: fetched by the set-up, or on the path."""
    found = shutil.which(name, path=str(TOOLS)) or shutil.which(name)
    assert found, (
        f"{name} is not installed, and without it nothing proves exported books; `make test` fetches it, "
        f"or install it (on Debian: apt install {name})"
    )
    return found


def run(command: Sequence[str], home: Path) -> str:
    """What a checker prints; that it is content is part of the question."""
    clean = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, capture_output=True, env=clean, timeout=SECONDS_MAX, check=False)
    said = done.stdout.decode(), done.stderr.decode()
    assert (done.returncode, said[1]) == (0, ""), f"{command[0]} refuses the file: {said[1] or said[0]}"
    return said[0]


def accounts_of(journal: Path) -> dict[str, str]:
    """By account name, the ledger's id or the last part of the name."""
    found: dict[str, str] = {}
    name = ""
    for line in journal.read_text(encoding="utf-8").split("\n"):
        if line.startswith("account "):
            name = line.removeprefix("account ")
            assert name not in found, f"two accounts are called {name}"
            found[name] = name.rpartition(":")[2]
        elif not line.startswith(" "):
            name = ""
        elif name and line.startswith("    ; id: "):
            found[name] = line.removeprefix("    ; id: ")
    return found


def by_hledger(journal: Path) -> Balances:
    """The balances that hledger finds, after its checks: balanced, declared, every assertion true."""
    hledger = program("hledger")
    run([hledger, "-f", str(journal), "check", "-s"], journal.parent)
    printed = run([hledger, "-f", str(journal), "bal", "--flat", "-E", "--no-total", "-O", "csv"], journal.parent)
    rows = list(csv.reader(io.StringIO(printed)))
    known = accounts_of(journal)
    return {known[name]: Decimal(balance.removesuffix(" INR")) for name, balance in rows[1:]}


def by_ledger(journal: Path) -> Balances:
    """The balances that ledger finds, with nothing undeclared and every assertion true."""
    what = "%(quantity(scrub(display_total)))\t%(account)\n"
    options = ["--args-only", "--pedantic", "-f", str(journal), "bal", "--flat", "-E", "--no-total"]
    printed = run([program("ledger"), *options, "--balance-format", what], journal.parent)
    known = accounts_of(journal)
    pairs = [line.split("\t") for line in printed.splitlines()]
    return {known[name]: Decimal(balance) for balance, name in pairs}


def by_beancount(path: Path) -> Balances:
    """The balances that beancount finds, after all that `bean-check` validates."""
    entries, errors, _ = loader.load_file(str(path), extra_validations=validation.HARDCORE_VALIDATIONS)
    assert not errors, f"beancount refuses the file: {errors[:3]}"
    known: dict[str, str] = {}
    found: Balances = {}
    for entry in entries:
        if isinstance(entry, data.Open):
            known[entry.account] = entry.meta.get("id") or entry.meta["name"]
            found[known[entry.account]] = Decimal(0)
        elif isinstance(entry, data.Transaction):
            for posting in entry.postings:
                assert posting.units is not None
                assert posting.units.number is not None
                found[known[posting.account]] += posting.units.number
    assert len(found) == len(known)
    return found


def bean_check(path: Path) -> None:
    """Run the command itself, as a user would."""
    run([str(Path(sys.executable).with_name("bean-check")), str(path)], path.parent)
