"""Rules between branches: `khata rule`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from khata.cli.frame import AsJson, opened, print_json, print_table, saved, say, told

if TYPE_CHECKING:
    from crdt_models.rules import Offer, Rule
    from khata.books import Books
    from khata.rules.deeds import Wanted

NAME = "rule"
app = typer.Typer(
    no_args_is_help=True, help="Rules: what flows between two branches, which way, since when, how often."
)

Which = Annotated[str, typer.Argument(metavar="RULE", help="Its name, the beginning of its id, or the other branch.")]
Preset = Annotated[str | None, typer.Option("--preset", help="everything, masters-only, vouchers-up or own-branch.")]
Direction = Annotated[
    str | None, typer.Option("--direction", help="both, send or receive, seen from the branch that offers.")
]
Masters = Annotated[
    str | None, typer.Option("--masters", help='Only these kinds, such as "ledger,group"; "none" for no masters.')
]
Branches = Annotated[
    str | None, typer.Option("--branches", help='Only the vouchers of these branches, such as "PUN,NAG".')
]
Types = Annotated[
    str | None, typer.Option("--types", help='Only these voucher types, such as "Sales,Receipt"; "none" for none.')
]
Files = Annotated[bool | None, typer.Option("--files/--no-files", help="Whether attachments flow.")]
Since = Annotated[str | None, typer.Option("--since", help="From this month on, YYYY-MM; empty for all.")]
Mode = Annotated[
    str | None, typer.Option("--mode", help="on-demand: a relay may deliver it; online: only while both are connected.")
]
Every = Annotated[
    str | None, typer.Option("--every", help="continuous, manual, or minutes: how often each side synchronizes.")
]


def _wanted(
    preset: str | None,
    direction: str | None,
    masters: str | None,
    branches: str | None,
    types: str | None,
    files: bool | None,
    since: str | None,
    mode: str | None,
    every: str | None,
) -> "Wanted":
    from khata.rules.deeds import Wanted

    return Wanted(
        preset, direction, _listed(masters), _listed(branches), _listed(types), files, since, mode, every
    )  # fmt: skip


def _listed(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    return () if text == "none" else tuple(part.strip() for part in text.split(",") if part.strip())


@app.command()
def presets(context: typer.Context, as_json: AsJson = False) -> None:
    """Explain the presets that rules start from.

    Example:
      khata rule presets
    """
    from p2p.presets import PRESETS

    if as_json:
        print_json(PRESETS)
        return
    print_table(("Preset", "What flows"), list(PRESETS.items()))


@app.command()
def offer(
    context: typer.Context,
    to: Annotated[str, typer.Argument(metavar="BRANCH", help="The branch it is offered to, by name or code.")],
    name: Annotated[str, typer.Option("--name", help="What it is called; default: the branch and the preset.")] = "",
    preset: Preset = None,
    direction: Direction = None,
    masters: Masters = None,
    branches: Branches = None,
    types: Types = None,
    files: Files = None,
    since: Since = None,
    mode: Mode = None,
    every: Every = None,
    as_json: AsJson = False,
) -> None:
    """Offer a rule to another branch. Nothing flows under it until it is activated there.

    Options narrow what the preset names. Neither side need be online: the offer travels by the next synchronization,
    directly or through a relay.

    Examples:
      khata rule offer Nagpur
      khata rule offer Nagpur --preset masters-only --every 15
      khata rule offer Nagpur --types Sales,Receipt --since 2026-04 --direction send --no-files
    """
    from khata.rules.deeds import offer as offered

    wanted = _wanted(preset, direction, masters, branches, types, files, since, mode, every)
    with opened(context) as books:
        _print(books, offered(books, to, wanted, name), "offered", as_json)


def _print(books: "Books", rule: "Rule", did: str, as_json: bool) -> None:
    """Report a deed, and what has to happen next."""
    from khata.rules.standing import next_step, rule_json

    if as_json:
        told(books)
        print_json(rule_json(books, rule))
        return
    saved(books, f"that the rule {rule.offer.name} is {did}")
    following = next_step(books, rule)
    if following:
        say(f"next: {following}")


@app.command("list")
def list_rules(context: typer.Context, as_json: AsJson = False) -> None:
    """List the rules, each with how far it has come and what has to happen next.

    Example:
      khata rule list
    """
    from khata.rules.standing import all_rules, every_words, flows_words, rule_json

    with opened(context) as books:
        found = [(rule, rule_json(books, rule)) for rule in all_rules(books)]
        mine = books.member.branch
    if as_json:
        print_json([row for _, row in found])
        return
    rows = [
        (
            row["name"],
            f"{row['from']} -> {row['to']}",
            row["step"] + (", a change waits for an answer" if row["changed_offer_waits"] else ""),
            flows_words(rule.active or rule.offer),
            row["since"],
            row["mode"],
            every_words(rule.every_of(mine)),
            row["next"],
        )
        for rule, row in found
    ]
    print_table(("Rule", "Between", "Step", "What flows", "Since", "Mode", "How often", "Next"), rows)


@app.command()
def show(context: typer.Context, which: Which, as_json: AsJson = False) -> None:
    """Show one rule: what flows which way, who paused it, and what has to happen next.

    Example:
      khata rule show "Nagpur everything"
    """
    from khata.rules.standing import every_words, find_rule, rule_json

    with opened(context) as books:
        rule = find_rule(books, which)
        row = rule_json(books, rule)
    if as_json:
        print_json(row)
        return
    say(f"{row['name']}: {row['from']} -> {row['to']}, {row['step']}")
    say(f"  {row['from']} sends     {', '.join(row['sends']) or 'nothing'}")
    say(f"  {row['from']} receives  {', '.join(row['receives']) or 'nothing'}")
    for key, words in (("narrowed_sends", "of what is sent"), ("narrowed_receives", "of what is received")):
        if row[key] is not None:
            say(f"  {row['to']} takes {words} only {', '.join(row[key]) or 'nothing'}")
    often = ", ".join(f"{branch} {every_words(rule.every_of(code))}" for code, branch in _ends(row))
    say(f"  since {row['since'] or 'the beginning'}, {row['mode']}; {often}; id {row['id'][:8]}")
    if row["paused_by"]:
        say(f"  paused by {' and '.join(row['paused_by'])}")
    if row["reason"]:
        say(f"  turned down: {row['reason']}")
    if row["next"]:
        say(f"  next: {row['next']}")


def _ends(row: dict[str, Any]) -> list[tuple[str, str]]:
    return [(row["from_code"], row["from"]), (row["to_code"], row["to"])]


@app.command()
def activate(
    context: typer.Context,
    which: Which,
    direction: Direction = None,
    masters: Masters = None,
    branches: Branches = None,
    types: Types = None,
    files: Files = None,
    since: Since = None,
    every: Every = None,
    as_json: AsJson = False,
) -> None:
    """Accept a rule that was offered to this branch, as it is or narrowed.

    Examples:
      khata rule activate "Nagpur everything"
      khata rule activate "Nagpur everything" --types Sales --since 2026-10 --every 30
    """
    from khata.rules.deeds import activate as activated
    from khata.rules.standing import find_rule

    wanted = _wanted(None, direction, masters, branches, types, files, since, None, every)
    with opened(context) as books:
        _print(books, activated(books, find_rule(books, which), wanted), "active", as_json)


@app.command()
def reject(
    context: typer.Context,
    which: Which,
    reason: Annotated[str, typer.Option("--reason", help="Why; the other branch reads it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Turn down a rule that was offered to this branch; nothing flows under it.

    Example:
      khata rule reject "Nagpur everything" --reason "masters are enough for us"
    """
    from khata.rules.deeds import reject as rejected
    from khata.rules.standing import find_rule

    with opened(context) as books:
        _print(books, rejected(books, find_rule(books, which), reason), "turned down", as_json)


@app.command()
def pause(context: typer.Context, which: Which, as_json: AsJson = False) -> None:
    """Let nothing flow under a rule until this branch resumes it.

    Example:
      khata rule pause "Nagpur everything"
    """
    _set_paused(context, which, True, as_json)


@app.command()
def resume(context: typer.Context, which: Which, as_json: AsJson = False) -> None:
    """Let flow again what this branch has paused.

    Example:
      khata rule resume "Nagpur everything"
    """
    _set_paused(context, which, False, as_json)


def _set_paused(context: typer.Context, which: str, paused: bool, as_json: bool) -> None:
    from khata.rules.deeds import pause as set_paused
    from khata.rules.standing import find_rule

    with opened(context) as books:
        rule = set_paused(books, find_rule(books, which), paused)
        _print(books, rule, "paused" if paused else "resumed", as_json)


@app.command()
def alter(
    context: typer.Context,
    which: Which,
    preset: Preset = None,
    direction: Direction = None,
    masters: Masters = None,
    branches: Branches = None,
    types: Types = None,
    files: Files = None,
    since: Since = None,
    mode: Mode = None,
    every: Every = None,
    as_json: AsJson = False,
) -> None:
    """Change a rule. What the other branch has accepted holds until it accepts the change.

    The branch that was asked changes what it narrowed the rule to, and accepts nothing by that. How often a branch
    synchronizes it decides alone, at once, also while `khata serve` runs. What is chosen has to be in what the rule
    names; the branch that offers it widens it with --preset.

    Examples:
      khata rule alter "Nagpur everything" --preset masters-only
      khata rule alter Nagpur --every 5
    """
    from khata.rules.deeds import AS_OFFERED
    from khata.rules.deeds import alter as altered
    from khata.rules.standing import find_rule

    wanted = _wanted(preset, direction, masters, branches, types, files, since, mode, every)
    if wanted == AS_OFFERED:
        raise typer.BadParameter("say what is to change, such as --every 15")
    with opened(context) as books:
        rule, asks = altered(books, find_rule(books, which), wanted)
        _print(books, rule, "changed, and waits for the other branch" if asks else "changed", as_json)


@app.command()
def preview(
    context: typer.Context,
    which: Annotated[str, typer.Argument(metavar="RULE_OR_BRANCH", help="A rule, or a branch to offer one to.")],
    preset: Preset = None,
    direction: Direction = None,
    masters: Masters = None,
    branches: Branches = None,
    types: Types = None,
    files: Files = None,
    since: Since = None,
    as_json: AsJson = False,
) -> None:
    """Show what a rule would let flow from here, in documents and bytes. Nothing is written or sent.

    With options, or with a branch there is no rule with yet, it shows what an offer of these would let flow.

    Examples:
      khata rule preview "Nagpur everything"
      khata rule preview Nagpur --preset masters-only
    """
    from khata.rules.preview import preview as previewed

    wanted = _wanted(preset, direction, masters, branches, types, files, since, None, None)
    with opened(context) as books:
        found = previewed(books, _meant(books, which, wanted))
    if as_json:
        print_json(found)
        return
    say(f"To {found['to']}: {found['documents']} documents in {found['commits']} commits, {found['bytes']:,} bytes")
    say(f"({found['delivered_already']} of the commits are proved to be there already.)")
    print_table(
        ("Part", "Documents>", "Commits>", "Bytes>"),
        [(row["part"], str(row["documents"]), str(row["commits"]), f"{row['bytes']:,}") for row in found["parts"]],
    )
    if found["not_granted"]:
        parts = ", ".join(row["part"] for row in found["not_granted"])
        say(f"Named by the rule, but not granted to {found['to']}: {parts}; see `khata device grant`")
    say(f"From {found['to']} may come: {', '.join(found['may_come']) or 'nothing'}")
    say(f"Of {found['to']}'s own books {found['of_theirs_here']} documents are here.")


def _meant(books: "Books", which: str, wanted: "Wanted") -> "Rule | Offer":
    """A rule that there is; else, or with options, the offer that could be made to a branch."""
    from khata.errors import NotFound
    from khata.rules.deeds import AS_OFFERED, made_offer
    from khata.rules.standing import find_rule

    if wanted == AS_OFFERED:
        try:
            return find_rule(books, which)
        except NotFound:
            return made_offer(books, which, wanted)
    return made_offer(books, which, wanted)


@app.command("mark-synced")
def mark_synced(
    context: typer.Context,
    which: Which,
    since: Annotated[str, typer.Option("--since", help="Nothing of an earlier month flows; default: this month.")] = "",
    undo: Annotated[bool, typer.Option("--undo", help="Take the mark away: everything flows again.")] = False,
    as_json: AsJson = False,
) -> None:
    """Treat what is older as synchronized: for this branch nothing of an earlier month flows under the rule any more.

    It delivers nothing and deletes nothing. It stands in the edit log, and --undo takes it back, after which everything
    flows that did not.

    Examples:
      khata rule mark-synced "Nagpur everything"
      khata rule mark-synced "Nagpur everything" --since 2026-04
      khata rule mark-synced "Nagpur everything" --undo
    """
    from datetime import datetime

    from khata.rules.deeds import mark_synced as marked
    from khata.rules.standing import find_rule

    if undo and since:
        raise typer.BadParameter("--undo takes the mark away; leave --since out", param_hint="--undo")
    month = "" if undo else since or datetime.now().astimezone().date().isoformat()[:7]
    with opened(context) as books:
        rule = find_rule(books, which)
        before, now = marked(books, rule, month)
        if as_json:
            told(books)
            print_json({"rule": rule.offer.name, "before": before, "since": now})
        elif now:
            saved(books, f"that nothing before {now} flows under {rule.offer.name} (nothing was delivered by that)")
        else:
            saved(books, f"that everything flows under {rule.offer.name} again")
