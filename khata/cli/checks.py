"""Whether all is as it should be: `khata digest`, `khata verify`."""

import typer

from khata.cli.frame import AsJson, complain, opened, print_json, progress, say


def digest(context: typer.Context, as_json: AsJson = False) -> None:
    """Print digests that are equal on two copies that hold the same: of all commits, and of all documents.

    Example:
      khata digest
    """
    from khata.digests import books_digest

    with opened(context) as books:
        books.replica.refresh()
        with progress("reading documents") as bar:
            found = books_digest(books.replica, bar.advance)
    print_json(found)


def verify(context: typer.Context, as_json: AsJson = False) -> None:
    """Rebuild every document and table from the stored commits, compare, and check every signature.

    Exit code 1 when something differs; it is named, and nothing is changed.

    Example:
      khata verify
    """
    from khata.errors import BooksError
    from khata.verify import verify as verified

    with opened(context) as books, progress("verifying") as bar:
        bar.show(0, books.replica.store.count())
        found = verified(books, bar.advance)
    if as_json:
        print_json({
            "commits": found.commits,
            "documents": found.documents,
            "differences": [{"where": one.where, "text": one.text} for one in found.differences],
        })  # fmt: skip
    for one in () if as_json else found.differences:
        complain(f"{one.where}: {one.text}")
    if found.differences:
        raise BooksError(
            f"{len(found.differences)} differences found; keep a copy of this folder, then restore a backup or join "
            "anew: whatever a peer has accepted comes back from it"
        )
    if not as_json:
        say(f"verified: {found.commits} commits and {found.documents} documents, every table as its commits say")


COMMANDS = {"digest": digest, "verify": verify}
