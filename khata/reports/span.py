"""Which dates and which branch a report is about."""

from typing import Any, NamedTuple

from crdt_models.errors import BadValue
from crdt_models.vouchers import check_date
from khata.books import Books
from khata.errors import NotFound


class Span(NamedTuple):
    """A range of dates, both included, and a branch by code or name; what is empty has no bound.

    Without a branch the books are consolidated: all branches together.
    """

    since: str = ""
    until: str = ""
    branch: str = ""

    def condition(self, books: Books, date: str = "e.date", branch: str = "e.branch") -> tuple[str, list[Any]]:
        """An SQL condition and its values; "1" where nothing is left out.

        Args:
            date, branch: the columns that hold a date and a local branch number.

        Raises:
            BadValue: a bound is not a date, or the last date is before the first.
            NotFound: the company has no such branch.
        """
        conditions, values = ["1"], []
        check_range(self.since, self.until)
        for bound, sign in ((self.since, ">="), (self.until, "<=")):
            if bound:
                conditions.append(f"{date}{sign}?")
                values.append(bound)
        if self.branch:
            conditions.append(f"{branch}=(SELECT id FROM branches WHERE code=?)")
            values.append(branch_code(books, self.branch))
        return " AND ".join(conditions), values


EVERYTHING = Span()


def check_range(since: str, until: str) -> None:
    """Refuse bounds that are not dates, and a last date before the first; empty ones are no bound.

    Raises:
        BadValue: see above.
    """
    for bound in filter(None, (since, until)):
        check_date(bound)
    if since and until and until < since:
        raise BadValue(f"from {since} to {until} is no range of dates: the first comes after the last")


def branch_code(books: Books, text: str) -> str:
    """The code of a branch, from its code, its name or the series code of one of its devices.

    Raises:
        NotFound: the company has no such branch.
    """
    wanted = text.strip().casefold()
    branches = books.replica.chain.branches
    for code, branch in branches.items():
        if wanted in (code, branch.name.casefold()):
            return code
    for member in books.replica.chain.members.values():
        if member.branch and wanted == member.series.casefold():
            return member.branch
    known = ", ".join(sorted(branch.name for branch in branches.values()))
    raise NotFound(f"there is no branch {text!r}; known are {known}")
