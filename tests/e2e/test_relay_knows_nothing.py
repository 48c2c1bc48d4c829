"""Words that only the books know, looked for in everything a relay has: its files, its memory and its traffic."""

import secrets
from collections.abc import Iterator
from pathlib import Path

from tests.e2e.shop import Copy
from tests.e2e.test_relay import a_relay
from tests.e2e.wiretap import tapped

AMOUNT = "7391824.56"


def encodings(word: str) -> list[bytes]:
    return [word.encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be")]


def memory_of(pid: int) -> Iterator[bytes]:
    """All that a process can read of its own memory, piece by piece."""
    regions = Path(f"/proc/{pid}/maps").read_text().splitlines()
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in regions:
            place, rights, *rest = line.split()
            if not rights.startswith("r") or (rest and rest[-1] in ("[vvar]", "[vsyscall]", "[vvar_vclock]")):
                continue
            start, end = (int(part, 16) for part in place.split("-"))
            try:
                memory.seek(start)
                yield memory.read(end - start)
            except (OSError, ValueError):
                continue


def test_a_relay_holds_and_hears_nothing_of_what_the_books_say(office, tmp_path):
    canary = f"canary{secrets.token_hex(8)}"
    relay, surat = a_relay(tmp_path), Copy(tmp_path / "surat")
    with relay.serve() as serving, tapped(serving.address) as tap:
        assert office.run("relay", "add", relay.invite("--address", tap.address))["in_sync"]
        ticket = office.run("branch", "add", "Surat", "--code", "SUR")["ticket"]
        office.sync(tap.address)
        joining = surat.start("join", ticket)
        joining.wait_for("left a letter")
        assert joining.stop().code == 130
        office.sync(tap.address)
        surat.run("join", ticket)
        office.run("ledger", "add", canary, "--group", "Sundry Debtors")
        for copy in (office, surat, office, surat):
            copy.sync(tap.address)
        surat.receipt(AMOUNT, f"for {canary}", ledger=canary)
        for copy in (surat, office):
            copy.sync(tap.address)
        pid = serving.running.process.pid
        assert pid is not None
        words = [form for word in (canary, AMOUNT) for form in encodings(word)]
        looked_at = 0
        for piece in memory_of(pid):
            looked_at += len(piece)
            assert not [word for word in words if word in piece], "the relay's memory knows it"
        assert looked_at > 10_000_000
        for form in (*words, b"vouchers/", b"masters/ledger", b"Sharma"):
            assert form not in tap.heard, "it could be read on the line"
        carried = relay.run("relay", "status")["companies"][0]["commits"]
    files = [path for path in relay.folder.rglob("*") if path.is_file()]
    held = b"".join(path.read_bytes() for path in files)
    assert carried > 20
    assert len(held) > 20_000
    # The tree itself it may read; what lies in it, and whose company it is, it may not.
    assert b"vouchers/sur/" in held
    for form in (*words, *encodings("Sharma Traders"), *encodings("Sundry Debtors")):
        assert form not in held, "the relay's disk knows it"
    assert surat.run("voucher", "list") != []
