"""What is offered and answered in rules, as a few words in a sentence of the log."""

from collections.abc import Mapping
from typing import Any, Final

_OFFERED: Final = {"source", "target", "sends", "receives"}
_ANSWERED: Final = {"active", "rejected"}


def is_of_rule(value: Mapping[str, Any]) -> bool:
    """Whether a register's value is an offer or an answer."""
    return value.keys() >= _OFFERED or value.keys() >= _ANSWERED


def rule_said(value: Mapping[str, Any]) -> str:
    """An offer by what it lets flow, an answer by what it says to it; whatever the fields hold."""
    if value.keys() >= _OFFERED:
        return _offer_said(value)
    if value["active"] in ("", "hex:"):
        return f"turned down{_reason(value)}"
    narrowed = any(value.get(way) is not None for way in ("sends", "receives"))
    if value["rejected"] not in ("", "hex:"):
        return f"the change turned down{_reason(value)}"
    return "accepted, narrowed" if narrowed else "accepted"


def _offer_said(value: Mapping[str, Any]) -> str:
    between = f"{value['source']} offers {value['target']}"
    what = value.get("preset") or " and ".join(
        f"{words} {_listed(value[way])}" for way, words in (("sends", "sends"), ("receives", "receives"))
    )
    since = f" since {value['since']}" if value.get("since") else ""
    return f"{between}{since} {what}, {value.get('mode', '')}".rstrip(", ")


def _listed(patterns: Any) -> str:
    """Patterns one after the other; what is no list of them, as it is."""
    return ", ".join(map(str, patterns)) or "nothing" if isinstance(patterns, list | tuple) else str(patterns)


def _reason(value: Mapping[str, Any]) -> str:
    return f" ({value['reason']})" if value.get("reason") else ""
