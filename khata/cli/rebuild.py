"""`khata sync --rebuild`: what would be received anew and from whom, the question, and the doing."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

from khata.cli.frame import FAILED, agreed, print_json, say

if TYPE_CHECKING:
    from khata.books import Books


def rebuild_copy(
    books: "Books", began_ms: int, synchronize: "Callable[[Books], bool]", yes: bool, as_json: bool
) -> None:
    """Ask, and build the copy anew.

    Args:
        began_ms: when everything began to be compared anew, ms since 1970.
        synchronize: fills an empty copy from the same peers; whether it is in sync with one of them.
    """
    from khata.errors import NotInSync
    from khata.rebuilding import prove, rebuild

    proof = prove(books, began_ms)
    if proof.unproved or not proof.holders:
        named = ", ".join(proof.unproved[:3]) or "what is here"
        more = f" and {len(proof.unproved) - 3} more" if len(proof.unproved) > 3 else ""
        raise NotInSync(
            f"nobody in reach is proved to hold all of {named}{more} and to give it back, so nothing was emptied; "
            "synchronize with a device whose rules name it, or leave this copy as it is"
        )
    holders = " and ".join(proof.holders)
    hold = "holds" if len(proof.holders) == 1 else "hold"
    lines = [
        f"{holders} {hold} everything that is here: {proof.documents} documents in {proof.commits} commits.",
        "They are received anew beside this copy, and take its place when all have come.",
    ]
    if yes and not as_json:
        for line in lines:
            say(line)
    if not agreed(lines, "Empty this copy and receive everything anew?", yes, as_json):
        raise typer.Exit(FAILED)
    count = rebuild(books, synchronize)
    if as_json:
        print_json({"rebuilt": True, "received": count, **proof.json()})
    else:
        say(f"rebuilt: {count} commits received anew from {holders}")
