"""What people do with rules: offer, activate, turn down, pause, change, and move the month from which they apply."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec

from crdt_models.masters import KINDS
from crdt_models.rules import (
    CONTINUOUS,
    EVERY,
    MANUAL,
    MINUTES_MAX,
    MODES,
    NAME_CHARS_MAX,
    OFFER,
    PATTERNS_MAX,
    PAUSED,
    SINCE,
    Answer,
    Every,
    Offer,
    Rule,
)
from crdt_models.voucher_types import BASE_TYPES
from khata.books import Books
from khata.errors import BooksError, NotFound
from khata.reports.span import branch_code
from khata.rules.standing import branch_name, find_rule
from p2p.agreements import known_patterns
from p2p.errors import BadScope
from p2p.flow import patterns_of
from p2p.presets import PRESETS, Choice, Ways, default_name, patterns, preset_ways
from p2p.rule_deeds import answer_rule, offer_rule, save_rule
from p2p.rules import rules_in
from p2p.scope import Pattern, month, slug

BOTH, SEND, RECEIVE = "both", "send", "receive"

_WIDER: Final = "`khata rule show` says what is, and who offers a rule widens it from a preset, with --preset"


class Wanted(NamedTuple):
    """What people choose of a rule; None leaves it as it is, or as the preset has it.

    Attributes:
        preset: the preset to start from.
        direction: both, send or receive, seen from who offers.
        masters: kinds of masters, of which alone something flows; empty for no masters.
        branches: whose vouchers, transfers and attachments flow, by name or code.
        types: voucher types, by name or base; empty for no vouchers.
        files: whether attachments flow.
        since: a month, YYYY-MM, or a day in it; empty for all.
        mode: on-demand or online.
        every: continuous, manual, or a number of minutes.
    """

    preset: str | None = None
    direction: str | None = None
    masters: tuple[str, ...] | None = None
    branches: tuple[str, ...] | None = None
    types: tuple[str, ...] | None = None
    files: bool | None = None
    since: str | None = None
    mode: str | None = None
    every: str | None = None

    @property
    def narrows(self) -> bool:
        """Whether it says what flows, beyond a preset."""
        return any(part is not None for part in (self.masters, self.branches, self.types, self.files))


AS_OFFERED: Final = Wanted()
"""Nothing is chosen: all stays as it is."""


def offer(books: Books, to: str, wanted: Wanted, name: str = "") -> Rule:
    """Offer a rule to another branch; nothing flows until it is activated there.

    Raises:
        BooksError: something chosen makes no sense, or there is such a rule already.
        NotFound, RuleError, NotAllowed: there is no such branch, or this device may not.
    """
    with books.writing():
        made = made_offer(books, to, wanted, name)
        taken = [rule.offer.name for rule in _between(books, made.source, made.target)]
        if made.name in taken:
            raise BooksError(f'there is a rule {made.name!r} already; change it with khata rule alter "{made.name}"')
        id = offer_rule(books.replica, made, books.user, books.now())
        return find_rule(books, id.hex())


def made_offer(books: Books, to: str, wanted: Wanted, name: str = "") -> Offer:
    """The offer that this branch would make; arguments and errors as `offer`."""
    source, target = books.member.branch, _branch(books, to)
    if target == source:
        raise BooksError("a rule is between two branches; devices of one branch share everything without any")
    preset = checked_preset(wanted.preset or "everything")
    ways = _ways(books, preset_ways(preset, source, target, _head_office(books)), wanted)
    taken = [rule.offer.name for rule in _between(books, source, target)]
    named = [branch_name(books, code) for code in (source, target) if code != _head_office(books)]
    called = name.strip() or default_name(named, preset, taken)
    if len(called) > NAME_CHARS_MAX or not called.isprintable():
        raise BooksError(f"{called[:40]!r} cannot be a rule's name; use at most {NAME_CHARS_MAX} letters and digits")
    return Offer(
        source=source,
        target=target,
        name=called,
        sends=ways.sends,
        receives=ways.receives,
        since=checked_month(wanted.since or ""),
        mode=checked_mode(wanted.mode or MODES[0]),
        every=checked_every(wanted.every or CONTINUOUS),
        preset="" if wanted.narrows or wanted.direction not in (None, BOTH) else preset,
        at=books.now(),
    )


def _branch(books: Books, text: str) -> str:
    try:
        return branch_code(books, text)
    except NotFound as error:
        raise NotFound(f"{error}; of a branch that was added lately this copy hears by `khata sync`") from error


def _between(books: Books, source: str, target: str) -> list[Rule]:
    rules = rules_in(books.replica.documents, books.replica.chain)
    return [rule for rule in rules if rule.branches == (source, target)]


def _head_office(books: Books) -> str:
    keeper = books.replica.chain.member(books.replica.chain.keeper)
    return keeper.branch if keeper is not None else ""


def _ways(books: Books, ways: Ways, wanted: Wanted) -> Ways:
    """Two ways, as far as the choice and the direction let them.

    Raises:
        BooksError: something chosen is not there to choose, or nothing at all would flow.
    """
    direction = _direction(wanted)
    if wanted.narrows:
        ways = _chosen(books, ways, wanted)
    kept = Ways(ways.sends if direction != RECEIVE else (), ways.receives if direction != SEND else ())
    if not any(kept) or (wanted.direction == BOTH and not all(kept)):
        raise BooksError(f"nothing would flow {'one way' if any(kept) else 'at all'}; {_WIDER}")
    if max(map(len, kept)) > PATTERNS_MAX:
        raise BooksError(f"that names more than {PATTERNS_MAX} parts of the books; choose fewer branches or types")
    return kept


def _direction(wanted: Wanted) -> str:
    direction = wanted.direction or BOTH
    if direction not in (BOTH, SEND, RECEIVE):
        raise BooksError(f"{direction!r} is no direction; it is {BOTH}, {SEND} or {RECEIVE}")
    return direction


def _chosen(books: Books, ways: Ways, wanted: Wanted) -> Ways:
    """What of two ways is left by a choice of masters, branches, voucher types and attachments."""
    codes = None if wanted.branches is None else tuple(branch_code(books, text) for text in wanted.branches)
    bases = None if wanted.types is None else tuple(base_slug(books, text) for text in wanted.types)
    if wanted.masters is not None:
        _check_masters(wanted.masters)
    named = patterns_of(patterns(Choice(wanted.masters, codes, bases, files=wanted.files is not False)))
    said = {"masters": wanted.masters, "vouchers": codes or bases, "files": wanted.files}
    for one in named:
        if said.get(one.text.partition("/")[0]) and not any(_met(way, [one]) for way in ways):
            raise BooksError(f"{one.text} is not in what the rule names; {_WIDER}")
    return Ways(*(_met(way, named) for way in ways))


def _met(way: Sequence[str], named: Sequence[Pattern]) -> tuple[str, ...]:
    """What of a way some patterns name too."""
    met = [one.meet(choice) for one in known_patterns(way) for choice in named]
    return tuple(dict.fromkeys(one.text for one in met if one is not None))


def base_slug(books: Books, text: str) -> str:
    """The slug of the base type that a voucher type stands on, by either's name.

    Raises:
        NotFound: there is no such voucher type.
    """
    base = BASE_TYPES.get(slug(text))
    if base is not None:
        return base.slug
    return books.names.voucher_base(books.names.find("voucher-type", text).document) or slug(text)


def _check_masters(kinds: Sequence[str]) -> None:
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        raise BooksError(f"{unknown[0]!r} is no kind of master; the kinds are {', '.join(sorted(KINDS))}")


def checked_preset(preset: str) -> str:
    """A preset that there is."""
    if preset not in PRESETS:
        raise BooksError(f"there is no preset {preset!r}; `khata rule presets` explains {', '.join(PRESETS)}")
    return preset


def checked_month(text: str) -> str:
    """A month, from itself or a day in it; empty stays empty."""
    if not text:
        return ""
    day = text if len(text) > 7 else f"{text}-01"
    try:
        return month(day)
    except BadScope as error:
        raise BooksError(f"{text!r} is no month; write YYYY-MM, such as 2026-04") from error


def checked_mode(mode: str) -> str:
    """On demand or online."""
    if mode not in MODES:
        raise BooksError(f"{mode!r} is no mode; it is {' or '.join(MODES)}")
    return mode


def checked_every(text: str) -> Every:
    """How often, from how people write it: `continuous`, `manual`, `15`, `15m`."""
    if text == CONTINUOUS:
        return "continuous"
    if text == MANUAL:
        return "manual"
    minutes = text.removesuffix("m").strip()
    if not (minutes.isascii() and minutes.isdigit()) or not 1 <= int(minutes) <= MINUTES_MAX:
        raise BooksError(f"{text!r} says not how often; give minutes from 1 to {MINUTES_MAX:,}, continuous or manual")
    return int(minutes)


# -- answering --------------------------------------------------------------------------------------------------------


def activate(books: Books, rule: Rule, wanted: Wanted = AS_OFFERED) -> Rule:
    """Accept the latest offer, as it is or narrowed to what this branch chooses.

    Raises:
        BooksError: something chosen makes no sense, or was not offered.
    """
    answer = _narrowed(books, rule.offer, Answer(active=rule.offered), wanted)
    with books.writing():
        answer_rule(books.replica, rule, answer, books.user, books.now())
        _set_own(books, rule, wanted)
        return find_rule(books, rule.id.hex())


def _narrowed(books: Books, terms: Offer, before: Answer, wanted: Wanted) -> Answer:
    """An answer that narrows what was offered to a choice; what is not chosen stays as it was answered before."""
    if not wanted.narrows and wanted.direction is None:
        return before
    if wanted.direction is None and () in (before.sends, before.receives):
        wanted = wanted._replace(direction=RECEIVE if before.sends == () else SEND)
    ways = _ways(books, Ways(terms.sends, terms.receives), wanted)
    held = (before.sends or None, before.receives or None)
    sends, receives = ways if wanted.narrows else (one if way else () for one, way in zip(held, ways, strict=True))
    return msgspec.structs.replace(before, sends=sends, receives=receives)


def reject(books: Books, rule: Rule, reason: str) -> Rule:
    """Turn the latest offer down. An earlier one that was activated holds on, unless it is this very one."""
    held = rule.answer.active if rule.answer.active != rule.offered else b""
    answer = msgspec.structs.replace(rule.answer, active=held, rejected=rule.offered, reason=reason[:256])
    with books.writing():
        answer_rule(books.replica, rule, answer, books.user, books.now())
        return find_rule(books, rule.id.hex())


# -- changing ---------------------------------------------------------------------------------------------------------


def alter(books: Books, rule: Rule, wanted: Wanted) -> tuple[Rule, bool]:
    """Change a rule: an offer where this branch made it, else what this branch narrows it to.

    How often this branch synchronizes is its own affair and changes at once.

    Returns:
        the rule, and whether the other branch has to answer.

    Raises:
        BooksError: something chosen makes no sense, or is for the other branch to change.
    """
    if _check_ours(books, rule) == rule.offer.target:
        return _alter_answer(books, rule, wanted), False
    asks = wanted._replace(every=None) != AS_OFFERED
    with books.writing():
        if asks:
            save_rule(
                books.replica, rule.id, {OFFER: _altered(books, rule, wanted).register()}, books.user, books.now()
            )
        _set_own(books, rule, wanted)
        return find_rule(books, rule.id.hex()), asks


def _alter_answer(books: Books, rule: Rule, wanted: Wanted) -> Rule:
    """Change what this branch narrows a rule to. An offer that waits for its answer goes on waiting."""
    if wanted.preset is not None or wanted.mode is not None:
        source = branch_name(books, rule.offer.source)
        raise BooksError(f"{source} offers the rule {rule.offer.name!r}, and alone changes its preset and its mode")
    answer = rule.answer if rule.active is None else _narrowed(books, rule.active, rule.answer, wanted)
    if rule.active is None and (wanted.narrows or wanted.direction is not None):
        raise BooksError(
            f'the rule is not active yet; narrow it as you accept it, with khata rule activate "{rule.offer.name}"'
        )
    with books.writing():
        if answer != rule.answer:
            answer_rule(books.replica, rule, answer, books.user, books.now())
        _set_own(books, rule, wanted)
        return find_rule(books, rule.id.hex())


def _altered(books: Books, rule: Rule, wanted: Wanted) -> Offer:
    before = rule.offer
    preset = wanted.preset or before.preset
    base = Ways(before.sends, before.receives)
    if wanted.preset is not None or ((wanted.narrows or wanted.direction) and preset):
        base = preset_ways(checked_preset(preset), before.source, before.target, _head_office(books))
    ways = _ways(books, base, wanted)
    plain = not wanted.narrows and wanted.direction in (None, BOTH)
    return msgspec.structs.replace(
        before,
        sends=ways.sends,
        receives=ways.receives,
        since=before.since if wanted.since is None else checked_month(wanted.since),
        mode=before.mode if wanted.mode is None else checked_mode(wanted.mode),
        preset=preset if plain else "",
        at=books.now(),
    )


def _set_own(books: Books, rule: Rule, wanted: Wanted) -> None:
    """Set what each branch says for itself."""
    mine = books.member.branch
    values: dict[str, Any] = {}
    if wanted.every is not None:
        values[EVERY + mine] = checked_every(wanted.every)
    if wanted.since is not None and mine == rule.offer.target:
        values[SINCE + mine] = checked_month(wanted.since)
    if values:
        save_rule(books.replica, rule.id, values, books.user, books.now())


def pause(books: Books, rule: Rule, paused: bool) -> Rule:
    """Let nothing flow under a rule, or let it flow again; each branch pauses and resumes for itself."""
    mine = _check_ours(books, rule)
    with books.writing():
        save_rule(books.replica, rule.id, {PAUSED + mine: paused}, books.user, books.now())
        return find_rule(books, rule.id.hex())


def mark_synced(books: Books, rule: Rule, since: str) -> tuple[str, str]:
    """Move the month before which this branch wants nothing to flow under a rule. Delivers nothing, deletes nothing.

    Returns:
        the mark before, and the mark now; empty is none.
    """
    mine = _check_ours(books, rule)
    before, now = rule.since.get(mine, ""), checked_month(since)
    with books.writing():
        save_rule(books.replica, rule.id, {SINCE + mine: now}, books.user, books.now())
    return before, now


def _check_ours(books: Books, rule: Rule) -> str:
    mine = books.member.branch
    if mine not in rule.branches:
        raise BooksError(f"the rule {rule.offer.name!r} is between other branches; only they can change it")
    return mine
