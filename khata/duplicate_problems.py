"""Pairs of vouchers that may be one, as problems: cancel one of them, or say that they are two."""

import shlex
from collections.abc import Iterable, Iterator

from khata.books import Books
from khata.deeds import branches_of, deed, in_order, showing
from khata.duplicates import Duplicate, possible_duplicates
from khata.effects import of_vouchers
from khata.problem import Choice, Deed, Problem
from khata.sources import POSSIBLE_DUPLICATE, source_in_words


def duplicate_problems(books: Books) -> Iterator[Problem]:
    """Vouchers that are here twice, as it seems, because they came two ways.

    Cost: see `possible_duplicates`; two documents for each pair.
    """
    for pair in possible_duplicates(books):
        ways = " and ".join(_way(books, sources) for sources in pair.sources)
        what = pair.reference if pair.same == "reference" else pair.number
        text = (
            f"{pair.type} {what} of {pair.date} over {pair.amount} may be here twice, {ways}: {pair.same} is the same; "
            "both count"
        )
        by_age = sorted(zip(pair.rows, pair.documents, strict=True), key=lambda one: _age(books, one[0]))
        later = by_age[-1][0]
        deeds = in_order(_brought(books, row, pair, row == later) for row, _ in by_age)
        choices = (
            *_all_of_one_source(books, pair),
            *(
                Choice(words, f"khata voucher cancel {document.hex()}", of_vouchers(books, [row], -1))
                for words, (row, document) in zip(
                    (
                        "they are one: cancel the one that came later",
                        "they are one: cancel the one that was here first",
                    ),
                    reversed(by_age),
                    strict=True,
                )
            ),
        )
        scopes = [books.document(row).scope for row in pair.rows]
        yield Problem(
            POSSIBLE_DUPLICATE, tuple(sorted(document.hex() for document in pair.documents)), text, choices, deeds,
            of_vouchers(books, [later]), "counted twice, if they are one", branches_of(deeds, scopes),
        )  # fmt: skip


def _way(books: Books, sources: tuple[str, ...]) -> str:
    return f"once imported from {named_sources(books, sources)}" if sources else "once entered"


def named_sources(books: Books, sources: Iterable[str]) -> str:
    """Sources of imports as people call them."""
    return " and ".join(source_in_words(books, source) for source in sources)


def _all_of_one_source(books: Books, pair: Duplicate) -> Iterator[Choice]:
    """Where two sources brought this, they may have brought much more: one command for all of it."""
    if all(pair.sources):
        for _, brought in sorted(zip(pair.rows, pair.sources, strict=True), reverse=True, key=lambda one: one[1]):
            words = (
                f"they are all one: cancel all that {named_sources(books, brought)} brought too (without --yes: show)"
            )
            yield Choice(words, f"khata problems settle-imported {shlex.quote(brought[0])} --yes")


def _age(books: Books, row: int) -> tuple[int, bytes]:
    document = books.document(row)
    return min(save.time for save in document.saves().values()), document.id


def _brought(books: Books, row: int, pair: Duplicate, later: bool) -> Deed:
    save = showing(books.document(row), "posting")
    assert save is not None
    sources = pair.sources[pair.rows.index(row)]
    how = f"imported it from {named_sources(books, sources)}" if sources else "entered it"
    return deed(books, save, f"{how}{' as well' if later else ''}")
