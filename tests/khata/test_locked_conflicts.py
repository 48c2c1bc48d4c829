"""Vouchers that clash in a locked period: every command that is printed can be carried out, and leads to an end."""

import shlex
from collections.abc import Callable

import pytest

from khata.books import Books
from khata.entering import cancel
from khata.periods import lock_period
from khata.problem import Choice
from tests.khata.company import alter, found, ledger, voucher
from tests.khata.two_folders import TwoFolders, ended, two_folders

FIRST = "HO/26-27/00001"
DEPTH = 4


def prepare(books: Books) -> None:
    ledger(books, "Asha")
    voucher(books, "Receipt", "Cash 500 / Asha -500")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> TwoFolders:
    return two_folders(tmp_path_factory.mktemp("two"), prepare)


def alters(amount: str, lock: bool = False, wait: int = 0) -> Callable[[Books], None]:
    """Alter it to an amount, after so many looks at the clock, and lock the period."""

    def work(books: Books) -> None:
        for _ in range(wait):
            books.now()
        alter(books, FIRST, f"Cash {amount} / Asha -{amount}")
        if lock:
            locks(books)

    return work


def locks(books: Books) -> None:
    lock_period(books, "2026-04-30", anyway=True)


def cancels(books: Books) -> None:
    cancel(books, found(books, FIRST))


def twice(books: Books) -> None:
    alters("700", wait=9)(books)
    alter(books, FIRST, narration="counted again")


SCENES = {
    "altered at both, locked here, the locked one shows": (alters("600", lock=True, wait=9), alters("700")),
    "altered at both, locked here, the late one shows": (alters("600", lock=True), twice),
    "altered here and locked, cancelled there": (alters("600", lock=True), cancels),
    "locked here, altered there": (locks, alters("700")),
}


@pytest.mark.parametrize("name", SCENES)
def test_every_choice_leads_to_an_end(name, made, tmp_path):
    two = made.copy(tmp_path / "built")
    two.apart(*SCENES[name])
    assert two.problems()
    count = [0]

    def walk(at: TwoFolders, path: tuple[str, ...]) -> None:
        problems = at.problems()
        assert not problems or len(path) < DEPTH, path
        for problem in problems:
            for choice in problem.choices:
                count[0] += 1
                after = at.copy(tmp_path / str(count[0]))
                run(after, choice)
                after.meet()
                if not any(one.command == choice.command for p in after.problems() for one in p.choices):
                    walk(after, (*path, choice.command))
                else:
                    raise AssertionError(f"{choice.command} is asked for again, after {path}")

    walk(two, ())


def run(two: TwoFolders, choice: Choice) -> None:
    """Carry a command out where it may be: at the head office, which keeps the control chain."""
    _, *arguments = shlex.split(choice.command)
    result = ended("--books", str(two.office), *arguments)
    assert result.exit_code == 0, (choice.command, result.output, result.exception)


def test_in_a_locked_period_only_what_stands_there_is_offered(made, tmp_path):
    two = made.copy(tmp_path)
    two.apart(alters("600", wait=9), alters("700"))
    (before,) = two.problems()
    assert [choice.command.split()[1] for choice in before.choices] == ["conflicts", "conflicts"]
    two.apart(locks, lambda books: None)
    (problem,) = two.problems()
    assert [choice.command.split()[1:3] for choice in problem.choices] == [["conflicts", "settle"], ["lock", "remove"]]
