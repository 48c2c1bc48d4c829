"""The command line in this process: one command, and how it ended."""

import json
import sys
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pytest

from khata.cli import main


class Ran(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.out)


class Run(Protocol):
    """Runs one command on the books of a test, in a folder of theirs."""

    def __call__(self, *arguments: str, books: str = "ho") -> Ran:
        """Run it; whatever it says, it is no traceback."""


def command_line(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, user: str = ""
) -> Run:
    """The command line over books in a folder.

    Args:
        user: who works there; empty for whoever is logged in.
    """
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    if user:
        monkeypatch.setenv("KHATA_USER", user)
    else:
        monkeypatch.delenv("KHATA_USER", raising=False)

    def run(*arguments: str, books: str = "ho") -> Ran:
        monkeypatch.setattr(sys, "argv", ["khata", "--books", str(folder / books), *arguments])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return Ran(code, out, err)

    return run
