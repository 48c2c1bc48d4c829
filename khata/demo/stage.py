"""The stage of the demo: a folder with a copy of the books for each place, and real `khata` processes on them.

Every command is shown as the reader could type it in that folder, with what it printed. What the demo claims is asked
again with `--json` and compared; a claim that does not hold ends the demo.
"""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Condition, Thread, Timer
from typing import Any, Final

from rich.console import Console
from rich.markup import escape
from rich.rule import Rule
from rich.text import Text

PLACES: Final = {"ho": "head office", "pune": "Pune", "nagpur": "Nagpur"}
"""Each folder of books, and what people call the place."""

COMMAND_SECONDS_MAX: Final = 60
_INDENT: Final = 4
_WIDTH_MAX: Final = 100
_STARTS_KHATA: Final = "import sys; from khata.cli import main; sys.argv[0] = 'khata'; main()"

_WORD_CHARS_MAX: Final = 120
_unquoted = re.compile(r"[\w%+=:,./*-]+", re.ASCII)

Command = tuple[str, ...]


class DoesNotHold(Exception):
    """Something that the demo claims is not so; the message says what."""


class Serving:
    """A `khata serve` that listens, and the lines it has printed so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self._reader: Thread | None = None
        self._grew = Condition()

    def wait_for(self, word: str) -> str:
        """Read its lines up to the one that holds a word.

        Raises:
            DoesNotHold: it ended, or took too long, without saying so.
        """
        assert self.process.stdout is not None
        timer = Timer(COMMAND_SECONDS_MAX, self.process.kill)
        timer.start()
        try:
            for line in self.process.stdout:
                self.lines.append(line.rstrip())
                if word in line:
                    return self.lines[-1]
        finally:
            timer.cancel()
        raise DoesNotHold(f"`khata serve` ended without saying {word!r}: {' '.join(self.lines)}")

    def listen_on(self) -> None:
        """Go on taking what it prints, so that it is never held up."""
        self._reader = Thread(target=self._take, daemon=True)
        self._reader.start()

    def lines_with(self, word: str, count: int) -> list[str]:
        """The first so many lines that hold a word, once they are there.

        Raises:
            DoesNotHold: they do not come.
        """
        with self._grew:
            if self._grew.wait_for(lambda: len(self._with(word)) >= count, COMMAND_SECONDS_MAX):
                return self._with(word)[:count]
        raise DoesNotHold(f"`khata serve` did not say {word!r} {count} times: {' '.join(self.lines)}")

    def stop(self) -> None:
        """Press Ctrl-C and wait until it has stopped."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(COMMAND_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
        if self._reader is not None:
            self._reader.join(COMMAND_SECONDS_MAX)

    def _take(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._grew:
                self.lines.append(line.rstrip())
                self._grew.notify_all()

    def _with(self, word: str) -> list[str]:
        return [line for line in self.lines if word in line]


class Stage:
    """Three places in one folder, and the page on which all is shown.

    Args:
        folder: an empty folder; each place gets a folder of books in it.
        console: where it is printed.
    """

    def __init__(self, folder: Path, console: Console) -> None:
        self.folder = folder
        self.console = console

    # -- running ----------------------------------------------------------------------------------------------------

    def run(self, place: str, *arguments: str) -> str:
        """Run a command, show it with what it printed, and return that.

        Raises:
            DoesNotHold: it failed.
        """
        printed = self._run(place, arguments)
        self._show(place, arguments, printed)
        return printed

    def quietly(self, place: str, *arguments: str) -> str:
        """Run a command without showing it; return what it printed.

        Raises:
            DoesNotHold: it failed.
        """
        return self._run(place, arguments)

    def ask(self, place: str, *arguments: str) -> Any:
        """Run a command with `--json`, without showing it; return what it says.

        Raises:
            DoesNotHold: it failed.
        """
        return json.loads(self._run(place, (*arguments, "--json")))

    def show(self, place: str, *arguments: str, essence: Sequence[str]) -> None:
        """Show a command, and of what it printed only the essence."""
        self._show(place, arguments, "\n".join(essence))

    def everywhere(self, *arguments: str) -> dict[str, Any]:
        """Ask all places at once; return their answers by place."""
        answers = self.ask_at_once([(place, arguments) for place in PLACES])
        return dict(zip(PLACES, answers, strict=True))

    def ask_at_once(self, questions: Sequence[tuple[str, Command]]) -> list[Any]:
        """Ask several places, or one several things, all at once; return the answers in order."""
        with ThreadPoolExecutor(len(questions)) as threads:
            return list(threads.map(lambda question: self.ask(question[0], *question[1]), questions))

    def at_once(self, commands: Mapping[str, Sequence[Command]]) -> None:
        """Run each place's commands one after another, all places at once; then show them place by place.

        Raises:
            DoesNotHold: one of them failed.
        """

        def work(place: str) -> list[str]:
            return [self._run(place, command) for command in commands[place]]

        with ThreadPoolExecutor(len(commands)) as threads:
            printed = dict(zip(commands, threads.map(work, commands), strict=True))
        for place, lines in printed.items():
            self.console.print(f"  [bold]{PLACES[place]}[/bold]")
            for command, text in zip(commands[place], lines, strict=True):
                self._show(place, command, text)

    @contextmanager
    def serving(self, place: str, address: str) -> Iterator[Serving]:
        """Show and run `khata serve` until the block ends.

        Raises:
            DoesNotHold: it does not come to listen.
        """
        arguments = ("serve", "--listen", address)
        process = subprocess.Popen(
            self._command(place, arguments),
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        serving = Serving(process)
        try:
            line = serving.wait_for(address)
            serving.listen_on()
            self._show(place, arguments, line, "&")
            yield serving
        finally:
            serving.stop()

    def _run(self, place: str, arguments: Sequence[str]) -> str:
        try:
            result = subprocess.run(
                self._command(place, arguments),
                cwd=self.folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=COMMAND_SECONDS_MAX,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise DoesNotHold(f"`{typed(place, arguments)}` has not ended in {COMMAND_SECONDS_MAX} seconds") from error
        if result.returncode != 0:
            said = " ".join(result.stderr.split()) or "nothing"
            raise DoesNotHold(f"`{typed(place, arguments)}` ended with exit code {result.returncode}, saying: {said}")
        return result.stdout

    def _command(self, place: str, arguments: Sequence[str]) -> list[str]:
        return [sys.executable, "-c", _STARTS_KHATA, "--books", place, *arguments]

    def _environment(self) -> dict[str, str]:
        """The reader's own, but for what would make the processes print differently."""
        width = min(self.console.width, _WIDTH_MAX) - _INDENT
        told = {"COLUMNS": str(width), "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1", "TERM": "dumb"}
        kept = {name: value for name, value in os.environ.items() if name not in ("KHATA_BOOKS", "FORCE_COLOR")}
        return {**kept, **told}

    # -- showing ----------------------------------------------------------------------------------------------------

    def scene(self, title: str, text: str) -> None:
        """Begin a scene with a heading and a few words."""
        self.console.print()
        self.console.print(Rule(f"[bold]{escape(title)}", align="left", style="cyan"))
        self.say(text)

    def say(self, text: str) -> None:
        """Tell the reader something; rich markup counts."""
        self.console.print(text, width=min(self.console.width, _WIDTH_MAX))

    def claim(self, holds: bool, text: str) -> None:
        """Say that something is so, having checked it.

        Raises:
            DoesNotHold: it is not so.
        """
        if not holds:
            raise DoesNotHold(f"this does not hold: {text}")
        self.say(f"  [green]✓[/green] {escape(text)}")

    def _show(self, place: str, arguments: Sequence[str], printed: str, after: str = "") -> None:
        line = Text("  $ ", style="dim")
        line.append(typed(place, arguments), style="cyan")
        self.console.print(line.append(f" {after}" if after else ""), soft_wrap=True)
        for text in printed.rstrip().splitlines():
            self.console.print(Text(" " * _INDENT + text), soft_wrap=True)


def typed(place: str, arguments: Sequence[str]) -> str:
    """A command as the reader could type it; of a ticket only the beginning."""
    return " ".join(["khata", "--books", place, *(_typed(word) for word in arguments)])


def _typed(word: str) -> str:
    if len(word) > _WORD_CHARS_MAX:
        return f"{word[:26]}…"
    return word if _unquoted.fullmatch(word) else shlex.quote(word)


def agree(answers: Mapping[str, Any], of: Callable[[Any], Any] = lambda answer: answer) -> bool:
    """Whether all places answer the same."""
    first, *rest = (of(answer) for answer in answers.values())
    return all(answer == first for answer in rest)
