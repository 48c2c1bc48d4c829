"""What has to hold at every moment: nothing saved is lost, nothing is where it may not be, the books are right."""

import sqlite3
from collections.abc import Iterator
from math import inf

from simulations.oracle import looking
from simulations.oracle.books import doubled_numbers, table_lines
from simulations.oracle.chain import Chain, verifies
from simulations.oracle.periods import beyond_cut
from simulations.oracle.reading import ACCEPTED, SET_ASIDE, Claim, Copy
from simulations.oracle.said_of_others import dropped_too_early, false_deliveries
from simulations.oracle.secrecy import secrecy_faults
from simulations.oracle.watched import Fault, Watched


def safety_faults(watched: Watched, anew: bool) -> Iterator[Fault]:
    """What does not hold now.

    Args:
        anew: read every store from its first row, instead of what came since the last look.
    """
    for copy in list(watched.copies.values()):
        try:
            yield from ((check, f"{copy.name}: {text}") for check, text in _look(watched, copy, anew))
        except sqlite3.Error as error:
            yield "stored", f"{copy.name}: its store cannot be read: {error}"
    yield from _unproved(watched)
    yield from _false_claims(watched)
    yield from dropped_too_early(watched)
    yield from false_deliveries(watched)


def _look(watched: Watched, copy: Copy, anew: bool) -> Iterator[Fault]:
    with copy.looking(anew) as (db, wrong):
        yield from (("stored", text) for text in wrong)
        yield from _saved(copy, watched.acknowledged[copy.name])
        if copy.chain is None and copy.rows:
            yield "stored", f"it holds {len(copy.rows)} commits, and no control chain"
        if db is None or copy.chain is None:
            return
        yield from _astray(watched, copy, copy.chain)
        yield from _states(watched, copy, copy.chain)
        yield from secrecy_faults(copy, copy.chain, watched.library)
        for scope in sorted(copy.held.keys() | copy.sums.keys()):
            if not copy.is_sum_right(scope):
                yield "digests", f"the digest of {scope} is not that of its commits"
        if not copy.is_relay:
            for done in watched.done[copy.name]:
                yield from looking.faults(copy, copy.chain, watched.library, done)
            watched.done[copy.name] = []
            yield from watched.books[copy.name].faults(db, copy.chain)
            watched.doubled[copy.name] = doubled_numbers(db)
            if anew:
                watched.shown[copy.name] = table_lines(db)
            if not watched.numbers_may_double:
                for (number, base), count in sorted(watched.doubled[copy.name].items()):
                    yield "numbers", f"{count} vouchers of type {base} have the number {number}"


def _saved(copy: Copy, acknowledged: set[bytes]) -> Iterator[Fault]:
    gone = acknowledged - copy.by_id.keys()
    if gone:
        yield "saved", f"{len(gone)} acknowledged saves are not in its store, {min(gone).hex()[:12]} for one"
    back = {id for id in acknowledged - gone if copy.by_id[id].source}
    if back:
        yield "saved", f"{len(back)} acknowledged saves were lost and came from others, {min(back).hex()[:12]} for one"


def _astray(watched: Watched, copy: Copy, chain: Chain) -> Iterator[Fault]:
    for row, commit, why in watched.entitled[copy.name].astray():
        author, source = chain.author(commit.author), chain.author(row.source[:8])
        who = author.name if author is not None else commit.author.hex()
        over = f", from {source.name}" if source is not None else ""
        yield "entitled", f"holds commit {row.id.hex()[:12]} of {who} in {row.scope}{over}: {why}"


def _states(watched: Watched, copy: Copy, chain: Chain) -> Iterator[Fault]:
    cut_off = {cut.device[:8] for cut in chain.cuts}
    rows = [row for author in cut_off for row in copy.by_author.get(author, ())]
    for row in copy.rows if copy.chain_changed or copy.renewed else sorted({*rows, *copy.fresh}):
        commit = copy.commit(row.id)
        if commit is None:
            continue
        state = copy.states.get(row.id, ACCEPTED)
        beyond = commit.author in cut_off and beyond_cut(copy, chain, commit)
        what = f"commit {row.id.hex()[:12]} in {row.scope}"
        if beyond and state != SET_ASIDE:
            yield "cut", f"{what} lies beyond what its author may still write, and counts"
        elif not beyond and state == SET_ASIDE and not commit.fault:
            yield "cut", f"{what} is set aside, and nothing is wrong with it"
        elif state == ACCEPTED and commit.fault:
            yield "stored", f"{what} counts, though {commit.fault}"
        elif state == ACCEPTED and not watched.entitled[copy.name].may_show(row.scope):
            yield "entitled", f"{what} was opened, and may not be read here"


def _unproved(watched: Watched) -> Iterator[Fault]:
    """Commits that neither their signature nor a later commit of their author proves."""
    commits = watched.library.commits
    new = watched.library.take_unproved()
    named = {commit.prev for commit in new}
    chains = {copy.chain for copy in watched.copies.values() if copy.chain is not None}
    for commit in sorted(new, key=lambda one: one.id in named):
        if commit.proved:
            continue
        commit.proved = True
        author = next((member for chain in chains if (member := chain.author(commit.author)) is not None), None)
        if author is None or not verifies(author.public, commit.signature, b"khata commit 1" + commit.id):
            yield "signed", f"commit {commit.id.hex()[:12]} in {commit.scope} is not signed by its author"
            continue
        before = commits.get(commit.prev)
        while before is not None and not before.proved and before.scope == commit.scope:
            if before.author != commit.author:
                break
            before.proved = True
            before = commits.get(before.prev)


def _false_claims(watched: Watched) -> Iterator[Fault]:
    holders: dict[bytes, list[Copy]] = {}
    for copy in watched.copies.values():
        holders.setdefault(copy.device, []).append(copy)
    shown, watched.claims.shown = watched.claims.shown, []
    claims: list[tuple[Copy, bytes, Claim, float, float]]
    claims = [(watched.copies[one.name], one.other, one.claim, one.here, one.there) for one in shown]
    claims += [(copy, *fresh, inf, inf) for copy in watched.copies.values() for fresh in watched.claims.fresh(copy)]
    watched.claims.put_back.clear()
    for copy, device, claim, here, there in claims:
        shares, others = watched.entitled[copy.name].now, holders.get(device, [])
        # Of two machines with one key nobody knows which one was met.
        if shares is not None and len(others) == 1 and len(holders[copy.device]) == 1:
            found = watched.claims.faults(copy, others[0], claim, shares, here, there)
            yield from (("in-sync", text) for text in found)
