"""Captured traffic, and the listener's answers to strangers: no name, no amount, no narration."""

import zlib

from tests.e2e.shop import Copy
from tests.e2e.test_strangers import GARBAGE, all_of, connect_securely
from tests.e2e.wiretap import tapped

NARRATION = "seventeen silver anklets for the wedding"
AMOUNT = "98765.43"
SECRETS = (
    "Sharma", "Head Office", "Pune", "Café Naïve Traders", "Northwind Retail", "HDFC Bank", "नमस्ते", "Cash", "Receipt",
    "Sundry Debtors", "vouchers/", "masters/", NARRATION, "anklets", AMOUNT, "150505.05", "PUN/26-27",
)  # fmt: skip


def assert_holds_nothing_readable(heard: bytes) -> None:
    for secret in SECRETS:
        for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
            assert secret.encode(encoding) not in heard, f"{secret!r} could be read in {encoding}"


def test_the_line_carries_no_name_no_amount_and_no_narration(office, tmp_path):
    surat = Copy(tmp_path / "surat")
    office.receipt(AMOUNT, NARRATION)
    with office.serve() as serving, tapped(serving.address) as tap:
        invited = office.run("branch", "add", "Surat", "--code", "SUR", "--address", tap.address)
        surat.run("join", invited["ticket"])
        surat.receipt(AMOUNT, NARRATION)
        surat.sync(tap.address)
    assert tap.connections == 2
    assert surat.digest == office.digest
    assert len(tap.heard) > 5_000
    assert_holds_nothing_readable(tap.heard)
    # Random bytes do not shrink: nothing lies there packed but not sealed.
    assert len(zlib.compress(tap.heard)) > 0.97 * len(tap.heard)


def test_strangers_get_no_name_no_amount_and_no_narration(office):
    office.receipt(AMOUNT, NARRATION)
    with office.serve() as serving:
        for data in GARBAGE.values():
            with connect_securely(serving) as line:
                certificate = line.getpeercert(binary_form=True)
                assert certificate is not None
                line.sendall(data)
                heard = certificate + all_of(line)
            assert len(heard) < 2_000
            assert_holds_nothing_readable(heard)


def test_what_a_third_copy_carries_is_sealed_in_the_store(office):
    """The commits as they are stored and passed on; only the scope, which is the tree, can be read in them."""
    office.receipt(AMOUNT, NARRATION)
    found = 0
    for header, body in office.query("SELECT header, body FROM commits"):
        assert NARRATION.encode() not in header + body
        assert AMOUNT.encode() not in header + body
        found += 1
    assert found == office.commits
