"""A shop to test in: copies of one company's books as folders, and real processes that work on them.

Processes are forked off a server that has imported khata already (multiprocessing's forkserver). Each is a process of
its own, with its own memory, files and sockets, and can be killed at any instant; it just starts in 20 ms rather than
in half a second. `test_installed.py` and the demo run the installed command itself.
"""

import json as json_module
import multiprocessing
import os
import pkgutil
import re
import resource
import selectors
import shutil
import signal
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

import khata
from khata.cli import commands, main

SECONDS_MAX = 60.0
"""How long anything in these tests may take before the test fails; nothing waits that long unless it is broken."""

_FORKSERVER = multiprocessing.get_context("forkserver")
_LOADED = [module.name for module in pkgutil.walk_packages(khata.__path__, "khata.")]
_LOADED += ["rich.console", "rich.progress", "rich.table", "typer._adapters", "tests.e2e.shop"]
_FORKSERVER.set_forkserver_preload(_LOADED)
commands()


class Result(NamedTuple):
    """How a process ended: exit code (negative: the signal that killed it) and what it printed."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """All that it printed, on one line, as a person reads it: without wrapping, frames and colours."""
        return " ".join(re.sub(r"[│╭╮╰╯─]", " ", self.out + " " + self.err).split())

    @property
    def json(self) -> Any:
        """What it printed, as JSON."""
        return json_module.loads(self.out)


def _work(arguments: list[str], out: Connection, err: Connection, given: bytes, file_bytes_max: int | None) -> None:
    """What the child does: be `khata ARGUMENTS`, with its own standard streams, and end on Ctrl-C.

    Whatever was started in the background of a shell script ignores that, and so would we.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with tempfile.TemporaryFile() as stdin:
        stdin.write(given)
        stdin.seek(0)
        os.dup2(stdin.fileno(), 0)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    out.close()
    err.close()
    os.environ.update(COLUMNS="200", NO_COLOR="1")
    os.environ.pop("KHATA_BOOKS", None)
    if file_bytes_max is not None:
        # A file that may not grow answers as a full disk does; Python ignores the signal that would end the process.
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes_max, file_bytes_max))
    sys.argv = ["khata", *arguments]
    main()


class Running:
    """One process, and what it has printed so far."""

    def __init__(self, arguments: list[str], given: str | bytes = "", file_bytes_max: int | None = None) -> None:
        data = given if isinstance(given, bytes) else given.encode()
        out_reader, out = _FORKSERVER.Pipe(duplex=False)
        err_reader, err = _FORKSERVER.Pipe(duplex=False)
        self.arguments = arguments
        self._readers = {out_reader: b"", err_reader: b""}
        self._out, self._err = out_reader, err_reader
        self._selector = selectors.DefaultSelector()
        for reader in self._readers:
            self._selector.register(reader, selectors.EVENT_READ)
        self.process = _FORKSERVER.Process(target=_work, args=(arguments, out, err, data, file_bytes_max), daemon=True)
        self.process.start()
        out.close()
        err.close()

    @property
    def out(self) -> str:
        """What it printed on standard output so far."""
        return self._readers[self._out].decode()

    @property
    def err(self) -> str:
        """What it printed on standard error so far."""
        return self._readers[self._err].decode()

    def wait_for(self, pattern: str, seconds: float = SECONDS_MAX) -> re.Match[str]:
        """Read on until it has printed what a pattern describes."""
        deadline = monotonic() + seconds
        while True:
            found = re.search(pattern, self.out) or re.search(pattern, self.err)
            if found:
                return found
            if not self._read(deadline):
                raise AssertionError(f"{self} never printed {pattern!r}:\n{self.out}\n{self.err}")

    def wait(self, seconds: float = SECONDS_MAX) -> Result:
        """Read until it ends."""
        deadline = monotonic() + seconds
        while self._read(deadline):
            pass
        self.process.join(max(0.0, deadline - monotonic()))
        if self.process.exitcode is None:
            self.process.kill()
            raise AssertionError(f"{self} did not end within {seconds:g} s:\n{self.out}\n{self.err}")
        result = Result(self.process.exitcode, self.out, self.err)
        assert "Traceback" not in result.out + result.err, f"{self} showed a traceback:\n{result.err}"
        return result

    def kill(self) -> Result:
        """End it as a power cut would: at once, wherever it is."""
        self.process.kill()
        return self.wait()

    def kill_after(self, seconds: float) -> Result:
        """Let it work for so long, unless it ends before, and kill it."""
        deadline = monotonic() + seconds
        while self._read(deadline):
            pass
        return self.kill()

    def stop(self) -> Result:
        """Press Ctrl-C."""
        assert self.process.pid is not None
        if self.process.is_alive():
            os.kill(self.process.pid, signal.SIGINT)
        return self.wait()

    def _read(self, deadline: float) -> bool:
        """Take what is printed next; False once it has closed both streams, or time is up."""
        if not self._selector.get_map():
            return False
        ready = self._selector.select(max(0.0, deadline - monotonic()))
        for key, _ in ready:
            data = os.read(key.fd, 65536)
            for reader in list(self._readers):
                if reader is key.fileobj:
                    self._readers[reader] += data
                    if not data:
                        self._selector.unregister(reader)
        return bool(ready)

    def __str__(self) -> str:
        return "khata " + " ".join(self.arguments[:8])


class Serving(NamedTuple):
    """A `khata serve` that listens, and where."""

    running: Running
    address: str


class Copy:
    """One copy of the books: its folder, and the processes that work on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self, *arguments: str, given: str | bytes = "", file_bytes_max: int | None = None) -> Running:
        """Start a command on these books.

        Args:
            given: standard input.
            file_bytes_max: no file may grow beyond this: a full disk.
        """
        return Running(["--books", str(self.folder), *arguments], given, file_bytes_max)

    def run(self, *arguments: str, json: bool = True, check: bool = True, given: str | bytes = "") -> Any:
        """Run a command to its end.

        Args:
            json: ask for JSON, and return what it says; otherwise a `Result` is returned.
            check: the command has to succeed; a failing one is returned as a `Result`.
        """
        result = self.start(*arguments, *(["--json"] if json else []), given=given).wait()
        if check:
            assert result.code == 0, f"khata {' '.join(arguments)} failed with {result.code}: {result.said}"
        return result.json if json and result.code == 0 else result

    def fails(self, *arguments: str, code: int = 1, given: str | bytes = "") -> str:
        """Run a command that has to fail with this code; returns its sentence on standard error."""
        result = self.start(*arguments, given=given).wait()
        assert result.code == code, f"khata {' '.join(arguments)} ended with {result.code}: {result.said}"
        sentence = " ".join(re.sub(r"[│╭╮╰╯─]", " ", result.err).split())
        assert sentence, f"khata {' '.join(arguments)} failed without a word on standard error"
        return sentence

    @contextmanager
    def serve(self, *arguments: str, listen: str = "127.0.0.1:0") -> Iterator[Serving]:
        """`khata serve`, listening at a free port; ends by Ctrl-C, unless it has ended before."""
        running = self.start("serve", "--listen", listen, *arguments)
        try:
            yield Serving(running, running.wait_for(r"127\.0\.0\.1:[1-9]\d*").group())
            if running.process.is_alive():
                result = running.stop()
                assert result.code == 0, f"Ctrl-C ended serve with {result.code}: {result.said}"
        finally:
            running.process.kill()

    def clone(self, folder: Path) -> "Copy":
        """The same books in another folder, as after copying a disk."""
        shutil.copytree(self.folder, folder)
        return Copy(folder)

    def sync(self, address: str) -> dict[str, Any]:
        """Synchronize once with who serves at an address, to the end."""
        result: dict[str, Any] = self.run("sync", "--peer", address, "--timeout", "30")
        return result

    @property
    def commits(self) -> int:
        """How many commits are stored, read from the database while others write it; 0 while there is none."""
        try:
            return int(self.query("SELECT count(*) FROM commits")[0][0])
        except sqlite3.OperationalError:
            return 0

    def query(self, sql: str) -> list[Any]:
        """Ask the database of the books directly, as any SQLite tool can."""
        with closing(sqlite3.connect(f"file:{self.folder / 'khata.db'}?mode=ro", uri=True)) as db:
            return db.execute(sql).fetchall()

    @property
    def digest(self) -> dict[str, Any]:
        """`khata digest`: equal on two copies that hold the same."""
        result: dict[str, Any] = self.run("digest")
        return result

    def receipt(
        self, amount: str, narration: str = "", date: str = "2026-08-05", ledger: str = "Café Naïve Traders"
    ) -> dict[str, Any]:
        """Enter a receipt in cash."""
        entered: dict[str, Any] = self.run(
            "voucher", "add", "--type", "Receipt", "--date", date, "--debit", f"Cash:{amount}",
            "--credit", f"{ledger}:{amount}", "--narration", narration,
        )  # fmt: skip
        return entered

    def verify(self) -> None:
        """`khata verify`: documents, tables and digests are what the stored commits make them."""
        self.run("verify", json=False)


def meet(one: Copy, other: Copy) -> None:
    """Let two copies synchronize: one serves, the other calls."""
    with one.serve() as serving:
        other.sync(serving.address)


def holds_more_than(copy: Copy, commits: float) -> Callable[[], bool]:
    """Whether a copy holds more commits than so many, for `until`."""
    return lambda: copy.commits > commits


def until(reached: Callable[[], bool], seconds: float = SECONDS_MAX) -> None:
    """Ask again until something is so; what asks takes its own time, so nothing spins."""
    deadline = monotonic() + seconds
    while not reached():
        assert monotonic() < deadline, f"not reached within {seconds:g} s"
