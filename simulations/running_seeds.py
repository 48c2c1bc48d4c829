"""One scenario with many seeds: each in a fresh process, several at once, none for longer than it may take.

A seed that breaks its process or takes too long is a failure as any other, with the seed, and where the process was.
The processes are forked from a server that has imported everything and run nothing, so each begins in the same state.
"""

import faulthandler
import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path, PurePath
from typing import Final

import msgspec

from simulations.folders import keep_within, temporary_folder
from simulations.story import Story

SECONDS_MAX: Final = 300.0
"""How long one seed may take on the machine."""

_GRACE_SECONDS: Final = 5.0
"""How long a process has, beyond its time, to tell where it is."""
_LAST_CHARS_MAX: Final = 4_000
_PRELOADED: Final = ("simulations.running", "simulations.swarm", "khata.cli")
_STDERR: Final = 2
_WORDS: Final = "stderr"
_CALLS_SHOWN: Final = 5
_call = re.compile(r'File "([^"]*)", line (\d+) in (\S+)')

Task = Callable[[int], Story]
"""Runs one seed; it goes to another process, so it is a function of a module, or a `partial` of one."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one seed.

    Attributes:
        seed: which one.
        story: what it tells; None: there is none.
        broke: why there is none: what the process said last, or that its time was over.
        seconds: how long it took.
    """

    seed: int
    story: Story | None = None
    broke: str = ""
    seconds: float = 0.0

    @property
    def held(self) -> bool:
        """Whether everything that had to hold did."""
        return self.story is not None and not self.story.violations

    @property
    def check(self) -> str:
        """The first check that failed, or how it broke; empty when all held."""
        if self.story is None:
            return TAKES_TOO_LONG if self.broke.startswith(_TOOK) else "breaks"
        return self.story.violations[0].check if self.story.violations else ""


TAKES_TOO_LONG: Final = "takes too long"
"""The check that a seed fails which has no end, or not within the time that it was given."""
_TOOK: Final = "it took longer than"


def run_seeds(
    task: Task,
    seeds: Sequence[int],
    jobs: int,
    seconds_max: float = SECONDS_MAX,
    failures_max: int = 0,
    done: Callable[[Outcome], None] = lambda _outcome: None,
) -> list[Outcome]:
    """Run seeds, and return what became of each, in the order they were given.

    Args:
        task: what runs one.
        seeds: those to run.
        jobs: how many processes at once.
        seconds_max: how long one may take.
        failures_max: after so many failures no further seed is begun; 0: all are run.
        done: hears of each outcome when it is there.

    Cancellation: of a `KeyboardInterrupt`, which SIGTERM is as well meanwhile, the processes are ended, and what they
    had on disks is removed.
    """
    outcomes: dict[int, Outcome] = {}
    waiting = iter(dict.fromkeys(seeds))
    running: list[_Running] = []
    with _stopped_as_by_hand(), temporary_folder() as folder:
        try:
            while True:
                failures = sum(not outcome.held for outcome in outcomes.values())
                if not failures_max or failures < failures_max:
                    for seed in islice(waiting, max(0, jobs - len(running))):
                        running.append(_Running(task, seed, Path(folder) / str(seed), seconds_max))
                if not running:
                    break
                for one in _ended(running):
                    running.remove(one)
                    outcomes[one.seed] = one.outcome()
                    done(outcomes[one.seed])
        finally:
            for one in running:
                one.end()
    return [outcomes[seed] for seed in dict.fromkeys(seeds) if seed in outcomes]


@contextmanager
def _stopped_as_by_hand() -> Iterator[None]:
    """Let SIGTERM, which `timeout` and service managers send, do what Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _Running:
    """A process that runs one seed."""

    def __init__(self, task: Task, seed: int, folder: Path, seconds_max: float) -> None:
        self.seed = seed
        self._folder = folder
        self._folder.mkdir()
        self._seconds_max = seconds_max
        self._began = time.monotonic()
        context = get_context("forkserver")
        context.set_forkserver_preload(list(_PRELOADED))
        self.told, telling = context.Pipe(duplex=False)
        self._process = context.Process(
            target=_run_one, args=(task, seed, telling, folder, self._began + seconds_max), daemon=True
        )
        self._process.start()
        telling.close()

    @property
    def seconds_left(self) -> float:
        """How long it may still take."""
        return self._began + self._seconds_max + _GRACE_SECONDS - time.monotonic()

    def outcome(self) -> Outcome:
        """Hear what it has to tell, or why it has nothing to tell."""
        seconds = time.monotonic() - self._began
        data = b""
        if self.told.poll():
            with suppress(EOFError):
                data = self.told.recv_bytes()
            self._process.join(_GRACE_SECONDS)
        said = self._last_words()
        self.end()
        if data:
            return Outcome(seed=self.seed, story=msgspec.msgpack.decode(data, type=Story), seconds=seconds)
        if seconds >= self._seconds_max:
            why = f"{_TOOK} {self._seconds_max:g} s, and was given up; --seconds gives it more"
            said = _where(said)
        else:
            why = f"it ended with code {self._process.exitcode}"
        return Outcome(seed=self.seed, broke=f"{why}\n{said}".strip(), seconds=seconds)

    def end(self) -> None:
        """End the process, if it has not ended yet, and remove what it has left."""
        if self._process.is_alive():
            self._process.kill()
        self._process.join()
        self.told.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _last_words(self) -> str:
        """What an error or a fault printed in the process."""
        words = self._folder / _WORDS
        said = words.read_text(encoding="utf-8", errors="replace") if words.exists() else ""
        return said[-_LAST_CHARS_MAX:].strip()


def _where(dump: str) -> str:
    """Where a process was, by what `faulthandler` writes: the innermost call first."""
    calls = [f"{'/'.join(PurePath(file).parts[-2:])}:{line} in {name}" for file, line, name in _call.findall(dump)]
    return f"it was at {', '.join(calls[:_CALLS_SHOWN])}" if calls else ""


def _ended(running: Sequence[_Running]) -> list[_Running]:
    """Wait until one has something to tell, has ended, or has used up its time."""
    soonest = max(0.0, min(one.seconds_left for one in running))
    told = wait([one.told for one in running], soonest)
    return [one for one in running if one.told in told or one.seconds_left <= 0]


def _run_one(task: Task, seed: int, telling: Connection, folder: Path, end: float) -> None:
    """Run one seed in its process until a moment: the story goes back, and what an error prints goes to a file."""
    keep_within(folder)
    with (folder / _WORDS).open("w", encoding="utf-8") as file:
        os.dup2(file.fileno(), _STDERR)
        faulthandler.enable(file)
        faulthandler.dump_traceback_later(max(0.1, end - time.monotonic()), exit=True, file=file)
        story = task(seed)
        telling.send_bytes(msgspec.msgpack.encode(story))
        telling.close()
        faulthandler.cancel_dump_traceback_later()


def brief(story: Story) -> Story:
    """Return a story without what only a report shows: it is small, and its figures, violations and trace are there."""
    return msgspec.structs.replace(story, lanes=(), marks=(), deliveries=(), traffic=())
