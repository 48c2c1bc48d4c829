"""What the commands about masters share: how a save is reported and how one master is shown."""

from typing import TYPE_CHECKING, Any

from khata.cli.frame import print_json, saved, say

if TYPE_CHECKING:
    from khata.books import Books
    from khata.entering_masters import SavedMaster


def print_saved(books: "Books", kind: str, result: "SavedMaster", as_json: bool) -> None:
    """Report a save of a master, and tell a serving process."""
    from khata.cli.frame import told

    if as_json:
        told(books)
        commit = None if result.commit is None else result.commit.hex()
        print_json({"id": result.id.hex(), "name": result.name, "commit": commit})
    elif result.commit is None:
        say(f"nothing to change: the {kind} {result.name} is like that already")
    else:
        saved(books, f"{kind} {result.name}")


def show_master(books: "Books", kind: str, name: str) -> dict[str, Any]:
    """One master as JSON: its registers with names for ids, its version, its conflicts."""
    from khata.master_lists import show_master as shown

    return shown(books, kind, name)
