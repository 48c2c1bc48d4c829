"""Founding a company: `khata init`."""

from typing import Annotated

import typer

from khata.cli.frame import AsJson, frame_of, print_json, say


def init(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What the company is called.")],
    branch: Annotated[str, typer.Option("--branch", help="The branch this device stands in.")] = "Head Office",
    code: Annotated[str, typer.Option("--code", help="1 to 4 letters and digits, in every voucher number.")] = "HO",
    as_json: AsJson = False,
) -> None:
    """Make the books of a new company in an empty folder.

    The recovery phrase is shown once and kept nowhere: write it on paper. It makes another device the keeper of the
    company when this one is lost.

    Examples:
      khata init "Sharma Traders"
      khata --books ho init "Sharma Traders" --branch "Head Office" --code HO
    """
    from khata.beginning import found_books
    from p2p.identity import spell

    frame = frame_of(context)
    founded = found_books(frame.folder, name, branch, code.upper(), frame.user_or_login)
    books = founded.books
    try:
        device = spell(books.replica.keys.id)
        if as_json:
            print_json({
                "company": books.company_name,
                "company_id": books.company.hex(),
                "device_id": device,
                "branch": branch,
                "code": code.upper(),
                "recovery_phrase": founded.phrase,
            })  # fmt: skip
            return
        say(f"Founded {books.company_name} in {frame.folder.path}.")
        say(f"This device: {branch}, {code.upper()}, {device}")
        say("")
        say("Recovery phrase, shown this once. Write these 24 words on paper and keep them safe:")
        words = founded.phrase.split()
        for start in range(0, len(words), 6):
            say("  " + " ".join(words[start : start + 6]))
        say("")
        say("Next: khata import FILE.xml, khata ledger add, khata branch add")
    finally:
        books.close()


COMMANDS = {"init": init}
