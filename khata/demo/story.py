"""What the demo tells: three copies of one set of books work apart, clash, meet again and agree."""

import shutil
import socket
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from khata.demo.stage import PLACES, Command, DoesNotHold, Stage, agree

EXPORTS: Final = (
    "bridge/group_snapshot_wr2_with_identity.utf16le.xml",
    "bridge/ledgers_native_wr2_core_window.xml",
    "bridge/voucher_types_native_wr2.xml",
    "bridge/vouchers_native_wr2.xml",
    "tally-mcp/groups.xml",
    "tally-mcp/ledger-list.xml",
    "tally-mcp/voucher-types.xml",
    "tally-mcp/day-book.xml",
    "tally-mcp/day-book-trading.xml",
)
"""Real Tally exports in `khata/sample_data`: a small company, and two day books of a trading one with its masters."""

PEOPLE: Final = {"ho": "Asha", "pune": "Ravi", "nagpur": "Meera"}
"""Who works where; their names stand in everything they save."""

DATE: Final = "2026-08-03"
CHEQUE: Final = "Payment 111"
PAYEE, BANK = "Northwind Retail Limited", "HDFC Bank Current A/c"
CUSTOMER, OTHER_CUSTOMER = "Café Naïve Traders", "नमस्ते ट्रेडर्स"
OWNER: Final = "Sharma, Capital"
WHOLESALER: Final = "Ganesh Wholesale"


def play(folder: Path, console: Console) -> None:
    """Play the whole demo.

    Args:
        folder: an empty folder; the books, and the Tally files they begin with, stay there.

    Raises:
        DoesNotHold: something the demo claims is not so.
        OSError: the folder cannot be written.

    Cost: about half a minute on two idle cores, nearly all of it spent starting some 60 processes.
    """
    stage = Stage(folder, console)
    addresses = {place: f"127.0.0.1:{port}" for place, port in zip(PLACES, free_ports(len(PLACES)), strict=True)}
    begin(stage, addresses["ho"])
    work_apart(stage)
    meet_in_pairs(stage, addresses)
    settle(stage, addresses["ho"])
    show_books(stage)


def free_ports(count: int) -> list[int]:
    """TCP ports of this machine that nobody listens on just now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


def begin(stage: Stage, address: str) -> None:
    """Head office takes its books over from Tally, and two branches join."""
    stage.scene(
        "1  Head office brings its books from Tally, and two branches join",
        "Each copy is a folder on this machine; in a shop each is on a computer of its own.",
    )
    founding = ("--user", PEOPLE["ho"], "init", "Sharma Traders", "--branch", "Head Office", "--code", "HO")
    stage.show("ho", *founding, essence=stage.quietly("ho", *founding).splitlines()[:1])
    bring_from_tally(stage)
    with stage.serving("ho", address) as office:
        invitations = {
            name: ("branch", "add", PLACES[name], "--code", name[:3].upper(), "--address", address)
            for name in ("pune", "nagpur")
        }
        invited = stage.ask_at_once([("ho", invite) for invite in invitations.values()])
        tickets = {place: answer["ticket"] for place, answer in zip(invitations, invited, strict=True)}
        for place, invite in invitations.items():
            stage.show("ho", *invite, essence=[f"{tickets[place][:51]}…  (a ticket; it works once)"])
        stage.at_once({place: [("--user", PEOPLE[place], "join", ticket)] for place, ticket in tickets.items()})
        stage.say("  [bold]head office[/bold], whose `serve` says what happens")
        for line in office.lines_with("check code", len(tickets)):
            stage.console.print(f"    {line}", soft_wrap=True)
        agree_on_a_rule(stage, address)


def agree_on_a_rule(stage: Stage, office: str) -> None:
    """Pune offers Nagpur a rule, by way of head office, so that the two may synchronize without it later."""
    stage.say("With its ticket each branch has accepted a rule with head office. Pune offers Nagpur one of their own:")
    for place in ("pune", "nagpur"):
        stage.quietly(place, "sync", "--peer", office)
    rule = stage.ask("pune", "rule", "offer", "Nagpur")["name"]
    stage.show("pune", "rule", "offer", "Nagpur", essence=[f"offered: {rule}; nothing flows until Nagpur activates it"])
    for place in ("pune", "nagpur"):
        stage.quietly(place, "sync", "--peer", office)
    stage.run("nagpur", "rule", "activate", rule)
    for place in ("nagpur", "pune"):
        stage.quietly(place, "sync", "--peer", office)
    step = next(one["step"] for one in stage.ask("pune", "rule", "list") if one["name"] == rule)
    stage.claim(step == "ready", "and Pune has learned that it is active")


def bring_from_tally(stage: Stage) -> None:
    """Import the sample exports, as somebody would who has them in a folder."""
    exports = stage.folder / "tally"
    exports.mkdir()
    with resources.as_file(resources.files("khata") / "sample_data") as samples:
        for name in EXPORTS:
            shutil.copyfile(samples / name, exports / Path(name).name)
    imported = stage.ask("ho", "import", *(f"tally/{Path(name).name}" for name in EXPORTS))
    counts = imported["counts"]
    vouchers = sum(file["vouchers"] for file in imported["files"])
    essence = (
        f"{len(EXPORTS)} files: {counts['group']['new']} new groups, {counts['ledger']['new']} new ledgers, "
        f"{counts['voucher']['new']} vouchers, and what goes with them"
    )
    stage.show("ho", "import", "tally/*.xml", essence=[essence])
    stage.claim(
        not imported["skipped"] and vouchers == counts["voucher"]["new"] > 0,
        "every voucher in the files is in the books",
    )


def work_apart(stage: Stage) -> None:
    """All three enter and alter vouchers while nobody can reach anybody."""
    stage.scene(
        "2  The line is cut, and everybody goes on working",
        "Nobody waits for anybody. Pune and Nagpur both correct the same cheque, each in its own way, and both open an "
        "account for the same new wholesaler, each in another group.",
    )
    stage.at_once({
        "ho": [
            receipt(CUSTOMER, "1500.00", "cash at the counter"),
            ("voucher", "alter", "HO/26-27/00001", "--narration", "cash at the counter, bill 2"),
            ("ledger", "add", OWNER, "--group", "Capital Account"),
            ("voucher", "add", "--type", "Receipt", "--date", DATE, *both_sides(BANK, OWNER, "1000000.00")),
        ],
        "pune": [
            ("voucher", "alter", CHEQUE, *both_sides(PAYEE, BANK, "150550.50")),
            ("ledger", "add", WHOLESALER, "--group", "Sundry Debtors"),
            receipt(WHOLESALER, "2500.00", "first bill"),
        ],
        "nagpur": [
            ("voucher", "alter", CHEQUE, *both_sides(PAYEE, BANK, "155505.05")),
            ("ledger", "add", WHOLESALER, "--group", "Sundry Creditors"),
            receipt(OTHER_CUSTOMER, "101.01", "bill 1"),
        ],
    })  # fmt: skip


def receipt(ledger: str, amount: str, narration: str) -> Command:
    """The command that enters a receipt in cash."""
    sides = both_sides("Cash", ledger, amount)
    return ("voucher", "add", "--type", "Receipt", "--date", DATE, *sides, "--narration", narration)


def both_sides(debit: str, credit: str, amount: str) -> Command:
    """The options for a voucher of two entries."""
    return ("--debit", f"{debit}:{amount}", "--credit", f"{credit}:{amount}")


def meet_in_pairs(stage: Stage, addresses: Mapping[str, str]) -> None:
    """Two at a time, not always with head office, until all have what all have entered."""
    stage.scene(
        "3  They meet two at a time, over encrypted connections",
        "Pune and Nagpur first, without head office; then Nagpur and head office, then head office and Pune. "
        "What one has from another it passes on.",
    )
    for host, guest in (("pune", "nagpur"), ("nagpur", "ho"), ("ho", "pune")):
        with stage.serving(host, addresses[host]):
            stage.run(guest, "sync", "--peer", addresses[host])
    show_agreement(stage)
    balances = stage.everywhere("report", "trial-balance")
    stage.claim(agree(balances), "their trial balances are equal, line by line")
    debit, credit = balances["ho"]["debit"], balances["ho"]["credit"]
    stage.claim(debit == credit, f"and balance: debit {debit}, credit {credit}")


def show_agreement(stage: Stage) -> None:
    """The digests of all three, side by side."""
    digests = stage.everywhere("digest")
    table = Table("", "commits", "digest of all that was entered", "digest of the books", box=None, padding=(0, 2))
    for place, name in PLACES.items():
        digest = digests[place]
        table.add_row(name, str(digest["commits"]), digest["tree"][:24] + "…", digest["books"][:24] + "…")
    stage.console.print(table)
    stage.claim(agree(digests), "the digests are equal (khata digest): all three hold the same")


def settle(stage: Stage, address: str) -> None:
    """Both versions of what was entered twice are listed, until a person chooses."""
    stage.scene(
        "4  What was entered twice is listed with both versions, and a person chooses",
        "Nothing was overwritten. One version shows in reports meanwhile, so the books balance at every moment.",
    )
    conflicts = stage.everywhere("conflicts")
    stage.run("ho", "conflicts")
    found = {(conflict["kind"], conflict["register"], len(conflict["values"])) for conflict in conflicts["ho"]}
    stage.claim(
        found == {("voucher", "posting", 2), ("ledger", "group", 2)} and agree(conflicts),
        "all three list both: what the cheque was for, and in which group the wholesaler stands",
    )
    stage.say("Head office asks around, and takes what Pune says:")
    for conflict in conflicts["ho"]:
        stage.run("ho", "conflicts", "settle", conflict["id"], "--take", str(the_one_of("Pune", conflict)))
    with stage.serving("ho", address):
        stage.at_once({place: [("sync", "--peer", address)] for place in ("pune", "nagpur")})
    show_agreement(stage)
    history = ("voucher", "history", CHEQUE)
    *left, told = stage.ask_at_once([*((place, ("conflicts",)) for place in PLACES), ("nagpur", history)])
    stage.claim(not any(left), "and no conflict is left anywhere")
    stage.say("The cheque keeps its whole history, at every copy:")
    stage.show("nagpur", *history, essence=[version_of(save) for save in told])


def show_books(stage: Stage) -> None:
    """What the books say, the same at every copy."""
    stage.scene(
        "5  The books, the same at every copy",
        "Any report at any branch, for dates and branches; and who did what.",
    )
    sheets = stage.everywhere("report", "balance-sheet")
    stage.run("pune", "report", "balance-sheet")
    sheet = sheets["ho"]
    total = sheet["assets"]["amount"]
    agreed = agree(sheets) and total == sheet["liabilities"]["amount"]
    stage.claim(agreed, f"all three show this balance sheet, and it balances: {total}")
    stage.run("nagpur", "log", "--voucher", CHEQUE)


def the_one_of(branch: str, conflict: Mapping[str, Any]) -> int:
    """Which value of a conflict was entered at a branch, counting from 1.

    Raises:
        DoesNotHold: none was.
    """
    for position, value in enumerate(conflict["values"], 1):
        if value["device"] == branch:
            return position
    raise DoesNotHold(f"no value of conflict {conflict['id']} is of {branch}")


def version_of(save: Mapping[str, Any]) -> str:
    """One save of a voucher on one line: when, where, how, and what its first entry came to."""
    posting = next(change["after"] for change in save["changes"] if change["register"] == "posting")
    origin = save["origin"].partition(":")[0]
    entry = posting["entries"][0]
    return f"{save['at'][:19].replace('T', ' ')}  {save['device']:<12} {origin:<7} {entry['ledger']} {entry['amount']}"
