"""Problems: what a person should look at in merged books, found from the tables and listed until it is settled.

Problems are values, never exceptions, and the same list on every copy that holds the same commits. Each is found in a
module of its own; here they are gathered, those that somebody has accepted are left out, and the rest put in order.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from khata.accepting import Acceptance, acceptances
from khata.books import Books
from khata.cancelled_problems import cancelled_problems
from khata.changed_apart import CANCELLED_BESIDE_CHANGE
from khata.conflict_problems import CONFLICT, conflict_problems
from khata.creation_problems import creation_problems
from khata.creations import CREATED_AGAINST_DELETION, CREATED_AGAINST_RENAME
from khata.document_problems import (
    QUARANTINED_COMMIT,
    TWO_SCOPES,
    UNKNOWN_KIND,
    documents_in_two_scopes,
    faulty_documents,
    quarantined_commits,
    unknown_kinds,
)
from khata.duplicate_problems import duplicate_problems
from khata.duplicates import possible_duplicates
from khata.errors import Ambiguous, BooksError, NotFound
from khata.keeping import FORKED, fork_problems
from khata.late import LATE, OFFENCE, lock_problems
from khata.limit_problems import CREDIT_LIMIT, NEGATIVE_AT_BRANCH, NEGATIVE_STOCK, credit_problems, stock_problems
from khata.master_problems import (
    DELETED_IN_USE,
    MERGE_CYCLE,
    MISSING_MASTER,
    PARENT_CYCLE,
    SAME_NAME,
    cyclic_merges,
    cyclic_parents,
    deleted_in_use,
    missing_masters,
    same_names,
)
from khata.number_clashes import DUPLICATE_NUMBER, duplicate_numbers
from khata.problem import Choice, Problem
from khata.reading import BAD_REGISTER, IMPOSSIBLE, UNBALANCED
from khata.reports.span import branch_code
from khata.sources import POSSIBLE_DUPLICATE, duplicate_id
from khata.transfers.problems import CODES as TRANSFER_CODES
from khata.transfers.problems import transfer_problems
from khata.transfers.reading import WRONG_BRANCH
from khata.voucher_lookup import find_voucher

Finder = Callable[[Books], Iterable[Problem]]

CODES: Final = (
    CREATED_AGAINST_RENAME, CREATED_AGAINST_DELETION, CONFLICT, CANCELLED_BESIDE_CHANGE, DUPLICATE_NUMBER,
    POSSIBLE_DUPLICATE, TWO_SCOPES, MISSING_MASTER, DELETED_IN_USE, SAME_NAME, PARENT_CYCLE, MERGE_CYCLE, LATE, OFFENCE,
    *TRANSFER_CODES, NEGATIVE_STOCK, NEGATIVE_AT_BRANCH, CREDIT_LIMIT, UNBALANCED, IMPOSSIBLE, BAD_REGISTER,
    UNKNOWN_KIND, QUARANTINED_COMMIT, FORKED,
)  # fmt: skip
"""Every code that a problem can have, in the order in which they are listed.

A creation beside a renaming comes before the conflict on the name that it brings along: splitting settles both.
"""

ACCEPTABLE: Final = {
    CREATED_AGAINST_RENAME: "they are one and the same",
    CREATED_AGAINST_DELETION: "it is as it should be",
    DUPLICATE_NUMBER: "both stay as they were issued",
    CANCELLED_BESIDE_CHANGE: "it stays cancelled",
    POSSIBLE_DUPLICATE: "they are two",
    TWO_SCOPES: "both count, as they should",
    UNKNOWN_KIND: "it may stay unseen here",
    QUARANTINED_COMMIT: "it may stay set aside",
    WRONG_BRANCH: "it may stay passed over",
    NEGATIVE_AT_BRANCH: "the goods were there: they were never booked from one branch to the other",
}
"""Problems that a person may declare to be none, and what they say by that. All others have to be settled."""

_FINDERS: Final[tuple[Finder, ...]] = (
    conflict_problems,
    creation_problems,
    cancelled_problems,
    duplicate_numbers,
    duplicate_problems,
    documents_in_two_scopes,
    faulty_documents,
    unknown_kinds,
    quarantined_commits,
    fork_problems,
    missing_masters,
    deleted_in_use,
    same_names,
    cyclic_parents,
    cyclic_merges,
    lock_problems,
    transfer_problems,
    stock_problems,
    credit_problems,
)


class Wanted(NamedTuple):
    """Which problems to list; empty fields let all through.

    Attributes:
        code: such as "duplicate-number".
        branch: a branch by code or name, that has to do with it.
        document: a document's id in hex, the first digits of it, or what a voucher is called.
    """

    code: str = ""
    branch: str = ""
    document: str = ""


def find_problems(books: Books, wanted: Wanted | None = None) -> list[Problem]:
    """Everything that a person should look at and that nobody has accepted, in a fixed order.

    Raises:
        BooksError, NotFound, Ambiguous: there is no such code, branch or voucher.

    Cost: a few passes over indexes; more only where there is something to find.
    """
    accepted = acceptances(books)
    found = [problem for problem in _all(books, wanted or Wanted()) if problem.id not in accepted]
    if all(problem.code != DUPLICATE_NUMBER for problem in found):
        return found
    pairs = [
        {document.hex() for document in pair.documents}
        for pair in possible_duplicates(books)
        if duplicate_id(pair) not in accepted
    ]
    return [problem for problem in found if problem.code != DUPLICATE_NUMBER or not _told_as_pairs(problem, pairs)]


def _told_as_pairs(numbered: Problem, pairs: Sequence[set[str]]) -> bool:
    """Whether all that share a number are listed as imported twice as well, so that settling that settles both."""
    ids, linked = set(numbered.documents), {numbered.documents[0]}
    among = [pair for pair in pairs if pair <= ids]
    for _ in ids:
        linked.update(*(pair for pair in among if pair & linked))
    return linked == ids and len(ids) > 1


def accepted_problems(books: Books, wanted: Wanted | None = None) -> list[tuple[Problem, list[Acceptance]]]:
    """The problems that would be listed, had nobody accepted them; with who did, and why."""
    accepted = acceptances(books)
    return [(problem, accepted[problem.id]) for problem in _all(books, wanted or Wanted()) if problem.id in accepted]


def find_problem(books: Books, name: str) -> Problem:
    """One problem, accepted or not.

    Args:
        name: its id, or the first digits of it.

    Raises:
        NotFound, Ambiguous: no problem, or several, have such an id.
    """
    wanted = name.strip().lower()
    found = [problem for problem in _all(books, Wanted()) if wanted and problem.id.startswith(wanted)]
    if len(found) > 1:
        raise Ambiguous(f"{len(found)} problems have ids that begin with {name!r}; give more of its digits")
    if not found:
        raise NotFound(f"there is no problem {name!r}; it has changed or was settled: run `khata problems`")
    return found[0]


def checked_acceptable(problem: Problem) -> Problem:
    """A problem that may be accepted.

    Raises:
        BooksError: it is one that has to be settled.
    """
    if problem.code not in ACCEPTABLE:
        settle = f"; settle it with `{problem.settle}`" if problem.settle else ""
        raise BooksError(f"a problem of code {problem.code} cannot be accepted as it is{settle}")
    return problem


def _all(books: Books, wanted: Wanted) -> list[Problem]:
    if wanted.code and wanted.code not in CODES:
        raise BooksError(f"{wanted.code!r} is no code of a problem; there are {', '.join(CODES)}")
    branch = branch_code(books, wanted.branch) if wanted.branch else ""
    document = _document(books, wanted.document)
    found = [
        _with_acceptance(problem)
        for finder in _FINDERS
        for problem in finder(books)
        if (not wanted.code or problem.code == wanted.code)
        and (not branch or branch in problem.branches)
        and any(id.startswith(document) for id in problem.documents or ("",))
    ]
    return sorted(
        found, key=lambda problem: (CODES.index(problem.code), problem.documents, problem.text, problem.about)
    )


def _document(books: Books, text: str) -> str:
    """The first digits of a document's id, from those or from what a voucher is called."""
    digits = text.strip().lower()
    if all(digit in "0123456789abcdef" for digit in digits):
        return digits
    return find_voucher(books.db, books.names, text).document.hex()


def _with_acceptance(problem: Problem) -> Problem:
    words = ACCEPTABLE.get(problem.code)
    if words is None:
        return problem
    choice = Choice(words, f"khata problems accept {problem.id} --reason {_quoted(words)}")
    return problem._replace(choices=(*problem.choices, choice))


def _quoted(words: str) -> str:
    return f"'{words}'"
