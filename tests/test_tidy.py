"""House rules that a machine can check. Where one is broken the message names the file, the line and the rule."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("crdt_models", "p2p", "khata", "simulations")
LINES_MAX = 400
"""The house aims at 80 to 350 lines a file; over this a file holds more than one idea."""

TEXT_ENDINGS = {".py", ".md", ".toml", ".sh", ".svg", ".yml"}

# Spelled in two halves, so that a search of the repository for any of them finds nothing, this file included.
FORBIDDEN_WORDS = {
    "TO" + "DO": "finish it, or leave it out",
    "FIX" + "ME": "finish it, or leave it out",
    "X" * 3: "finish it, or leave it out",
    "no" + "qa": "change the code until the rule is content",
    "type: " + "ignore": "change the code until the types are right",
    "pragma: no " + "cover": "test it, or delete it",
}
FORBIDDEN_PATHS = ("/wo" + "rk/", "/ho" + "me/")
FORBIDDEN_IN_TESTS = {
    "unittest." + "mock": "use a real one, or a fake with a life of its own",
    "time." + "sleep": "wait for the event, or turn the clock",
    "pytest." + "skip": "a test that does not run proves nothing",
    "mark." + "skip": "a test that does not run proves nothing",
    "mark." + "xfail": "a test that may fail proves nothing",
    "import" + "orskip": "what tests need is in pyproject.toml",
}

# Sans-io: bytes and values in, bytes and values out. What they need of the world comes as an argument.
SANS_IO = (
    "chain.py",
    "chain_entries.py",
    "chain_line.py",
    "chain_members.py",
    "chain_state.py",
    "commit.py",
    "duplicates.py",
    "exchange.py",
    "forks.py",
    "introduction.py",
    "keyring.py",
    "limits.py",
    "messages.py",
    "outflow.py",
    "packed.py",
    "pairs.py",
    "reconcile.py",
    "schedules.py",
    "scope.py",
    "session.py",
    "spelling.py",
    "tree.py",
)
WORLD = {"os", "io", "pathlib", "random", "secrets", "select", "signal", "socket", "sqlite3", "sqlite_utils", "ssl"}
WORLD |= {"subprocess", "tempfile", "time", "trio", "uuid", "asyncio"}
CLOCK_CALLS = {"now", "utcnow", "today", "urandom", "time_ns", "monotonic", "uuid4"}


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def text_files() -> Iterator[Path]:
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        hidden = any(part.startswith(".") and part != ".ci" for part in parts)
        generated = {"build", "dist", "__pycache__"} & set(parts)
        text = path.suffix in TEXT_ENDINGS or path.name in {"Makefile", "run"}
        if path.is_file() and text and not hidden and not generated:
            yield path


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def place(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def lines_with(path: Path, pattern: str) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [place(path, number) for number, line in enumerate(lines, 1) if re.search(pattern, line)]


def imported_modules(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or ""), node.lineno


def test_the_rules_look_at_every_floor():
    for floor in FLOORS:
        assert (ROOT / floor / "__init__.py").is_file(), f"{floor} has no __init__.py"
    assert python_files("crdt_models", "p2p", "tests")


def test_no_file_holds_more_than_one_idea():
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in python_files(*FLOORS)}
    long = [f"{path.relative_to(ROOT)}: {count} lines" for path, count in lengths.items() if count > LINES_MAX]
    assert not long, f"over {LINES_MAX} lines; split along an idea: {long}"


def is_said_elsewhere(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a function only repeats a name documented elsewhere: a setter, an overload, an override."""
    names = {getattr(item, "attr", getattr(item, "id", "")) for item in node.decorator_list}
    return bool(names & {"setter", "deleter", "overload", "override"})


def undocumented(node: ast.Module | ast.ClassDef, where: str) -> Iterator[str]:
    if ast.get_docstring(node) is None:
        yield where
    for child in node.body:
        if not isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or child.name.startswith("_"):
            continue
        name = f"{where}:{child.name}"
        if isinstance(child, ast.ClassDef):
            yield from undocumented(child, name)
        elif ast.get_docstring(child) is None and not is_said_elsewhere(child):
            yield name


def test_every_public_name_says_what_it_is():
    missing = [
        name for path in python_files(*FLOORS) for name in undocumented(parsed(path), str(path.relative_to(ROOT)))
    ]
    assert not missing, f"no docstring: {missing}"


@pytest.mark.parametrize("word", FORBIDDEN_WORDS)
def test_nothing_is_left_for_later_and_no_checker_is_silenced(word):
    found = [hit for path in text_files() for hit in lines_with(path, rf"(?<!\w){re.escape(word)}(?!\w)")]
    assert not found, f"{FORBIDDEN_WORDS[word]}: {found}"


@pytest.mark.parametrize("start", FORBIDDEN_PATHS)
def test_no_file_knows_a_path_of_one_machine(start):
    found = [hit for path in text_files() for hit in lines_with(path, rf"(?<![\w.-]){re.escape(start)}\w")]
    assert not found, f"name it relative to the repository: {found}"


@pytest.mark.parametrize("word", FORBIDDEN_IN_TESTS)
def test_tests_neither_pretend_nor_wait_nor_look_away(word):
    found = [hit for path in python_files("tests") for hit in lines_with(path, re.escape(word))]
    assert not found, f"{FORBIDDEN_IN_TESTS[word]}: {found}"


def is_broad(kind: ast.expr | None, broad: set[str]) -> bool:
    if isinstance(kind, ast.Tuple):
        return any(is_broad(item, broad) for item in kind.elts)
    return kind is None or (isinstance(kind, ast.Name) and kind.id in broad)


def only_cleans_up(handler: ast.ExceptHandler) -> bool:
    """Whether a handler rolls back or closes, and lets the error go on."""
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def test_no_except_catches_what_it_cannot_name():
    """Only the command line's edge may turn every error of ours into a sentence; nobody swallows what is not ours."""
    found: list[str] = []
    for path in python_files(*FLOORS, "tools", "benchmarks"):
        at_the_edge = path.is_relative_to(ROOT / "khata" / "cli")
        broad = {"Exception", "BaseException"} | (set() if at_the_edge else {"KhataError"})
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ExceptHandler) and is_broad(node.type, broad) and not only_cleans_up(node):
                found.append(place(path, node.lineno))
    assert not found, f"name the errors that are expected there: {found}"


def test_arrows_only_point_down():
    """What import-linter says in `make check`, for those who only run the tests."""
    found: list[str] = []
    for level, floor in enumerate(FLOORS):
        above = set(FLOORS[level + 1 :])
        for path in python_files(floor):
            door = path.is_relative_to(ROOT / "khata" / "cli")  # `khata simulate` is the one door upwards
            for module, line in imported_modules(parsed(path)):
                root = module.split(".")[0]
                if root in above and not (door and root == "simulations"):
                    found.append(f"{place(path, line)} imports {module}")
    assert not found, found


def pure_files() -> list[Path]:
    return python_files("crdt_models") + [ROOT / "p2p" / name for name in SANS_IO]


def test_pure_files_import_nothing_of_the_world():
    imports = [(path, module, line) for path in pure_files() for module, line in imported_modules(parsed(path))]
    found = [f"{place(path, line)} imports {module}" for path, module, line in imports if module.split(".")[0] in WORLD]
    assert not found, f"time, randomness and sockets come as arguments: {found}"


def test_pure_files_neither_ask_the_time_nor_draw_lots():
    found = [
        f"{place(path, node.lineno)} calls {node.func.attr}"
        for path in pure_files()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCK_CALLS
    ]
    assert not found, f"time and randomness come as arguments: {found}"


def test_no_float_is_written_where_money_lives():
    found = [
        place(path, node.lineno)
        for path in python_files("crdt_models")
        for node in ast.walk(parsed(path))
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float")
    ]
    assert not found, f"amounts, quantities and rates are exact: {found}"
