"""The installed command itself, started as a person's shell starts it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from khata.demo.stage import DoesNotHold, Stage, typed
from tests.e2e.shop import Copy

KHATA = Path(sys.executable).with_name("khata")


def khata(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the installed `khata` with a standard input that is empty."""
    return subprocess.run(
        [KHATA, *arguments],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_the_books_may_be_named_by_the_environment(three):
    named = khata("status", KHATA_BOOKS=str(three / "pune"))
    assert (named.returncode, named.stderr) == (0, "")
    assert "Sharma Traders: Pune (PUN)" in named.stdout


def test_whoever_reads_only_the_beginning_gets_no_complaint(three):
    """`khata voucher list | head -1`."""
    with subprocess.Popen(
        [KHATA, "--books", three / "pune", "voucher", "list"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as listing:
        assert listing.stdout is not None
        assert listing.stderr is not None
        listing.stdout.close()
        assert listing.stderr.read() == b""


def test_the_demo_plays_to_its_end_and_keeps_its_books(tmp_path):
    played = khata("demo", "--keep", str(tmp_path / "shop"))
    assert played.returncode == 0, played.stdout + played.stderr
    assert "no conflict is left anywhere" in played.stdout
    copies = [Copy(tmp_path / "shop" / place) for place in ("ho", "pune", "nagpur")]
    assert copies[0].digest == copies[1].digest == copies[2].digest
    for copy in copies:
        copy.verify()
    refused = khata("demo", "--keep", str(tmp_path / "shop"))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "not empty" in refused.stderr


def test_a_claim_of_the_demo_that_does_not_hold_ends_it(tmp_path):
    stage = Stage(tmp_path, Console(record=True, file=(tmp_path / "page").open("w")))
    stage.claim(True, "water is wet")
    with pytest.raises(DoesNotHold, match="pigs fly"):
        stage.claim(False, "pigs fly")
    with pytest.raises(DoesNotHold, match="exit code 1, saying: there are no books in ho"):
        stage.run("ho", "voucher", "list")
    assert "water is wet" in stage.console.export_text()
    stage.console.file.close()


def test_commands_are_shown_as_they_can_be_typed():
    assert typed("ho", ["import", "tally/*.xml"]) == "khata --books ho import tally/*.xml"
    assert typed("ho", ["ledger", "add", "A's"]) == """khata --books ho ledger add 'A'"'"'s'"""
    assert typed("pune", ["join", "ABCDE-" * 40]) == "khata --books pune join ABCDE-ABCDE-ABCDE-ABCDE-AB…"
