"""Keys and those who lost the right to them: what is made after a revocation is neither theirs nor sealed for them."""

from collections.abc import Iterator

from simulations.oracle.chain import Chain
from simulations.oracle.commits import Commit, Library
from simulations.oracle.reading import Copy
from simulations.oracle.scopes import is_keys

Fault = tuple[str, str]


def secrecy_faults(copy: Copy, chain: Chain, library: Library) -> Iterator[Fault]:
    """What of keys and of revoked devices is wrong in what a copy has got since the last look."""
    me = chain.member(copy.device)
    mine = [(copy.by_id[id], epoch) for id, epoch, _ in library.sealed_to.get(copy.device[:8], ()) if id in copy.by_id]
    for row in copy.fresh:
        commit = copy.commit(row.id)
        if commit is None:
            continue
        what = f"commit {row.id.hex()[:12]} in {row.scope}"
        if me is not None and me.revoked is not None and chain.had_seen(commit.seen, me.revoked):
            yield "revoked", f"it was revoked, and holds {what}, made by somebody who knew that"
        if not row.source and commit.author == copy.device[:8] and not is_keys(commit.scope):
            keys = [epoch for sealed, epoch in mine if sealed.number < row.number]
            yield from (("keys", f"{what}: {text}") for text in _sealed_with_old(commit, chain, keys))
    if (copy.chain_changed or copy.renewed) and chain.best.keeper_at(chain.best.seq) == copy.device:
        # One that was revoked hears of that, and of nothing after it; others may have it from there.
        yield from _kept_keys(chain)
    if copy.is_relay:
        for _, _, paths in library.sealed_to.get(copy.device[:8], ()):
            if any(path != "control" for path in paths):
                yield "keys", f"the keys of {', '.join(path or 'everything' for path in paths)} are sealed to it"


def _sealed_with_old(commit: Commit, chain: Chain, keys: list[bytes]) -> Iterator[str]:
    epochs = chain.best.epochs
    if commit.epoch in epochs:
        newest = max((epochs.index(epoch) for epoch in keys if epoch in epochs), default=0)
        if epochs.index(commit.epoch) < newest:
            yield "it is sealed with the keys of an epoch before the latest that its author held"


def _kept_keys(chain: Chain) -> Iterator[Fault]:
    """Revocations after which no epoch began."""
    left = None
    for entry in chain.best.entries():
        if entry.kind == "Revoked":
            left = entry
        elif entry.kind == "Epoch":
            left = None
    if left is not None:
        yield "keys", f"with control entry {left.seq} a device was revoked, and it can read all that is made since"
