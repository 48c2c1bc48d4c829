"""The one tree: every commit lies at a path, its scope; patterns name subtrees of it.

A scope is 2 to 5 components joined by `/`, such as `vouchers/pune/sales/2026-04`. Grants, rules and reconciliation
all speak of subtrees of this tree, so there is no second filtering language anywhere.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from p2p.errors import BadScope
from p2p.limits import SCOPE_CHARS_MAX, SCOPE_COMPONENT_CHARS_MAX, SCOPE_COMPONENTS_MAX, SCOPE_COMPONENTS_MIN

CHAIN_SCOPE: Final = "control/chain"
RULES_SCOPE: Final = "control/rules"
DEVICES_SCOPE: Final = "control/devices"
RECOVERY_KEYS_SCOPE: Final = "control/keys/recovery"
PAIRS_SCOPE: Final = "control/keys/transfers"

KEYS_KIND: Final = "keys"
"""What kind of documents lies in the scopes of keys."""
_KEYS_PREFIX: Final = "control/keys/"
_PAIRED: Final = "~*"
# A component starts with a letter or digit, so that no scope can be mistaken for `.` or `..` when it becomes a folder.
_component = re.compile(rf"[a-z0-9][a-z0-9._-]{{0,{SCOPE_COMPONENT_CHARS_MAX - 1}}}", re.ASCII)
_pairs_of_branch = re.compile(rf"transfers/({_component.pattern})~\*/\*\*", re.ASCII)
_month = re.compile(r"(\d{4}-(?:0[1-9]|1[0-2]))-(?:0[1-9]|[12]\d|3[01])", re.ASCII)


@lru_cache(maxsize=4096)
def check_scope(text: str) -> str:
    """Return `text` if it is a scope.

    Args:
        text: of any origin.

    Raises:
        BadScope: it is not 2 to 5 components of 1 to 32 characters `[a-z0-9._-]`.

    Cost: 2 µs the first time, then a cache lookup.
    """
    if len(text) > SCOPE_CHARS_MAX:
        raise BadScope(f"a scope of {len(text)} characters is longer than any scope may be ({SCOPE_CHARS_MAX})")
    components = text.split("/")
    if not SCOPE_COMPONENTS_MIN <= len(components) <= SCOPE_COMPONENTS_MAX:
        raise BadScope(f"{text!r} is not a scope: it has {len(components)} parts, not 2 to 5")
    for place, component in enumerate(components):
        if not _is_component(components[0], place, component):
            raise BadScope(f"{text!r} is not a scope: {component!r} is not 1 to 32 of the characters a-z 0-9 . _ -")
    return text


def _is_component(root: str, place: int, text: str) -> bool:
    if _component.fullmatch(text):
        return True
    # Only the pair of a transfer joins two branch codes, and it names them in order so that both write one scope.
    first, tilde, second = text.partition("~")
    if not (tilde and root == "transfers" and place == 1 and len(text) <= SCOPE_COMPONENT_CHARS_MAX):
        return False
    return first < second and bool(_component.fullmatch(first) and _component.fullmatch(second))


def is_within(scope: str, path: str) -> bool:
    """Tell whether `scope` is `path` or lies below it; the empty path is the root of the tree."""
    return not path or scope == path or scope.startswith(path + "/")


class Pattern:
    """A path where a component may be `*` (any one component) and the last may be `**` (any one or more).

    `transfers/pun~*/**` names the transfers of every pair that a branch is in, also with branches still to come.

    Attributes:
        text: as it was written.
        path: the one subtree it names (`masters/**` -> `masters`, `**` -> the empty path, a scope -> itself), or None
            when a `*` makes it several. Only one subtree can be granted, because a grant hands over its key.
    """

    __slots__ = ("_components", "_deep", "_prefix", "path", "text")

    def __init__(self, text: str) -> None:
        components = _pattern_components(text)
        self.text = text
        self._deep = components[-1] == "**"
        self._components = components[:-1] if self._deep else components
        self.path: str | None = None if any("*" in one for one in self._components) else "/".join(self._components)
        self._prefix = f"{self.path}/" if self.path else ""

    @staticmethod
    @lru_cache(maxsize=4096)
    def parse(text: str) -> "Pattern":
        """Return the pattern written as `text`, which may be of any origin; the same text gives the same object.

        Raises:
            BadScope: a component is malformed, or `**` is not the last.
        """
        return Pattern(text)

    def matches(self, scope: str) -> bool:
        """Tell whether a scope lies in what the pattern names."""
        if self.path is not None:
            return scope.startswith(self._prefix) if self._deep else scope == self.path
        return self._fits(scope.split("/"))

    def touches(self, path: str) -> bool:
        """Tell whether any scope at or below `path` could match: whether it is worth descending there."""
        if self.path is not None:
            return not path or self._prefix.startswith(f"{path}/") or (self._deep and path.startswith(self._prefix))
        components = path.split("/") if path else []
        if len(components) > len(self._components):
            return self._fits(components)
        return all(_agrees(mine, other) for mine, other in zip(self._components, components, strict=False))

    def includes(self, path: str) -> bool:
        """Tell whether everything below `path` is named by this pattern: then nothing below needs a look."""
        return self._deep and self._fits([*path.split("/"), ""]) if path else self.path == "" and self._deep

    def meet(self, other: "Pattern") -> "Pattern | None":
        """The pattern of what both name; None where that is nothing."""
        shorter, longer = sorted((self, other), key=lambda one: len(one._components))
        further = len(longer._components) - len(shorter._components)
        if not (longer._deep or further if shorter._deep else not (longer._deep or further)):
            return None
        pairs = zip(shorter._components, longer._components, strict=False)
        met = [*(_meet(one, two) for one, two in pairs), *longer._components[len(shorter._components) :]]
        found = [one for one in met if one is not None]
        return Pattern.parse("/".join([*found, "**"] if longer._deep else found)) if len(found) == len(met) else None

    def _fits(self, components: list[str]) -> bool:
        enough = len(components) > len(self._components) if self._deep else len(components) == len(self._components)
        return enough and all(_agrees(mine, other) for mine, other in zip(self._components, components, strict=False))

    def __repr__(self) -> str:
        return f"Pattern({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pattern) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)


def _pattern_components(text: str) -> list[str]:
    components = text.split("/") if len(text) <= SCOPE_CHARS_MAX else []
    if not 1 <= len(components) <= SCOPE_COMPONENTS_MAX:
        raise BadScope(f"{text[:SCOPE_CHARS_MAX]!r} is not a pattern of scopes: it has to have 1 to 5 parts")
    for place, component in enumerate(components):
        wild = component == "*" or (component == "**" and place == len(components) - 1)
        if (
            not wild
            and not _is_any_pair(components[0], place, component)
            and not _is_component(components[0], place, component)
        ):
            raise BadScope(f"{text!r} is not a pattern of scopes: {component!r} is no name, no * and no ** at the end")
    return components


def _is_any_pair(root: str, place: int, text: str) -> bool:
    one, paired, _ = text.partition(_PAIRED)
    return root == "transfers" and place == 1 and text == one + paired and bool(paired and _component.fullmatch(one))


def branch_of_pairs(pattern: str) -> str | None:
    """Return the branch whose pairs a pattern names, `transfers/pun~*/**` -> `pun`; None for any other pattern."""
    found = _pairs_of_branch.fullmatch(pattern)
    return found[1] if found else None


def _agrees(pattern: str, component: str) -> bool:
    if pattern.endswith(_PAIRED):
        return pattern.removesuffix(_PAIRED) in component.split("~")
    return pattern in ("*", component)


def _meet(one: str, other: str) -> str | None:
    """The component of a pattern that is as narrow as both of two; None where nothing agrees with both."""
    if _agrees(one, other) or one == other:
        return other
    if _agrees(other, one):
        return one
    pair = "~".join(sorted(text.removesuffix(_PAIRED) for text in (one, other)))
    return pair if one.endswith(_PAIRED) and other.endswith(_PAIRED) and _is_component("transfers", 1, pair) else None


def slug(name: str) -> str:
    """Return a name as a scope component: lower case, ASCII, everything else a single hyphen, at most 32 characters.

    Raises:
        BadScope: nothing of the name is left, as with a name in Devanagari; give a code in Latin letters then.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii").lower()
    component = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:SCOPE_COMPONENT_CHARS_MAX].rstrip("-")
    if not component:
        raise BadScope(f"{name!r} has no Latin letter or digit to make a code of; give one, such as PUN")
    return component


def month(date: str) -> str:
    """Return the month of a date, `"2026-04-02"` -> `"2026-04"`.

    Raises:
        BadScope: it is not a date written YYYY-MM-DD.
    """
    found = _month.fullmatch(date)
    if found is None:
        raise BadScope(f"{date!r} is not a date; write it as YYYY-MM-DD")
    return found[1]


def voucher_scope(branch: str, base: str, date: str) -> str:
    """Return where a voucher first saved with `date` lies for ever: branch code, base type slug and month."""
    return check_scope(f"vouchers/{branch}/{base}/{month(date)}")


def master_scope(kind: str) -> str:
    """Return where all masters of a kind lie, such as `masters/ledger`."""
    return check_scope(f"masters/{kind}")


def transfer_scope(branch: str, other: str, date: str) -> str:
    """Return where a transfer between two branches lies, whichever of the two asks."""
    first, second = sorted((branch, other))
    return check_scope(f"transfers/{first}~{second}/{month(date)}")


def files_scope(branch: str, date: str) -> str:
    """Return where the attachments of a branch's vouchers of a month lie."""
    return check_scope(f"files/{branch}/{month(date)}")


def keys_scope(author: bytes) -> str:
    """Return where the keeper leaves content keys for a device.

    Args:
        author: the first 8 bytes of the device id; unique in a company, and short enough for a component.
    """
    return f"{_KEYS_PREFIX}{author.hex()}"


def is_keys_scope(scope: str) -> bool:
    """Tell whether commits in `scope` carry sealed keys, and so no seal of an epoch around them."""
    return scope.startswith(_KEYS_PREFIX)
