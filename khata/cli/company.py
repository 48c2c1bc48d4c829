"""Founding a company, `khata init`, and its details, `khata company`."""

from typing import Annotated

import typer

from khata.cli.frame import AsJson, frame_of, opened, print_json, print_table, say
from khata.cli.master_commands import print_saved
from khata.cli.users import User, asked_user

NAME = "company"
app = typer.Typer(no_args_is_help=True, help="The company's details, and the GST registrations of its branches.")


def init(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What the company is called.")],
    branch: Annotated[str, typer.Option("--branch", help="The branch this device stands in.")] = "Head Office",
    code: Annotated[str, typer.Option("--code", help="1 to 4 letters and digits, in every voucher number.")] = "HO",
    user: User = "",
    as_json: AsJson = False,
) -> None:
    """Make the books of a new company in an empty folder.

    Your name is asked for once; it stands in everything you save.

    The recovery phrase is shown once and kept nowhere: write it on paper. It makes another device the keeper of the
    company when this one is lost.

    Examples:
      khata init "Sharma Traders"
      khata --books ho init "Sharma Traders" --branch "Head Office" --code HO --user "Asha Kulkarni"
    """
    from khata.beginning import found_books
    from p2p.identity import spell

    frame = frame_of(context)
    founded = found_books(frame.folder, name, branch, code.upper(), asked_user(frame, user))
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


@app.command()
def show(context: typer.Context, as_json: AsJson = False) -> None:
    """Show the company's details, and under which GST registration each branch stands.

    Example:
      khata company show
    """
    from khata.gst.setting import company_details

    with opened(context) as books:
        found = company_details(books)
    if as_json:
        print_json(found)
        return
    for key, value in found.items():
        if value and key != "branches":
            say(f"{key.replace('_', ' '):>14}  {', '.join(value) if isinstance(value, list) else value}")
    say("")
    rows = [(row["code"], row["name"], row["gstin"], row["state"], "its own" if row["own"] else "the company's")
            for row in found["branches"]]  # fmt: skip
    print_table(("Code", "Branch", "GSTIN", "State", "Registration"), rows)


@app.command("set")
def set_details(
    context: typer.Context,
    branch: Annotated[
        str, typer.Option("--branch", help="Set the GST registration of this branch only, by code or name.")
    ] = "",
    gstin: Annotated[str | None, typer.Option("--gstin", help="GSTIN; its check digit is checked.")] = None,
    state: Annotated[str | None, typer.Option("--state", help="State, by name or GST code.")] = None,
    mailing_name: Annotated[str | None, typer.Option("--mailing-name", help="Name as it stands on documents.")] = None,
    address: Annotated[
        list[str] | None, typer.Option("--address", help="A line of the address; may be repeated, replaces all.")
    ] = None,
    pincode: Annotated[str | None, typer.Option("--pincode", help="Postal code.")] = None,
    country: Annotated[str | None, typer.Option("--country", help="Country.")] = None,
    phone: Annotated[str | None, typer.Option("--phone", help="Telephone number.")] = None,
    email: Annotated[str | None, typer.Option("--email", help="E-mail address.")] = None,
    pan: Annotated[str | None, typer.Option("--pan", help="PAN of the company.")] = None,
    books_from: Annotated[str | None, typer.Option("--books-from", help="The day the books begin, YYYY-MM-DD.")] = None,
    year_starts: Annotated[
        str | None, typer.Option("--year-starts", help="First day of financial years, MM-DD; 04-01 unless set.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Set details of the company; what is not named stays as it is.

    With --branch, a GSTIN and a State are that branch's own: each State needs a registration of its own. Both empty
    give it the company's again.

    Examples:
      khata company set --gstin 27AAPFU0939F1ZV --state Maharashtra
      khata company set --branch NAG --gstin 29AAPFU0939F1ZR
      khata company set --year-starts 01-01
    """
    from khata.gst.setting import set_company

    given = {
        "gstin": gstin, "state": state, "mailing_name": mailing_name, "address": address, "pincode": pincode,
        "country": country, "phone": phone, "email": email, "pan": pan, "books_from": books_from,
        "year_starts": year_starts,
    }  # fmt: skip
    with opened(context) as books:
        print_saved(books, "company", set_company(books, given, branch), as_json)


COMMANDS = {"init": init}
