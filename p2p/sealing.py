"""Handing out content keys: to every device what it may read and was not handed yet, of every epoch.

What was handed over is read from the documents in `control/keys/<device>`, so doing it again does nothing: it can be
repeated after a crash, after a grant was widened, and by another keeper.
"""

from collections.abc import Collection, Iterable

from p2p.chain_members import Member
from p2p.grants import key_paths
from p2p.identity import device_id
from p2p.keyring import ROOT, HeldKey
from p2p.packed import Item, split_items
from p2p.pairs import TRANSFERS, pairs_path, public_of, publications, published_in
from p2p.replica import Replica
from p2p.scope import PAIRS_SCOPE, RECOVERY_KEYS_SCOPE, is_within, keys_scope
from p2p.seals import seal_keys, sealed_in


def seal_granted(replica: Replica, member: Member, now: int) -> None:
    """Seal to a device the keys of all it may read and was not handed yet, of every epoch. Inside a transaction.

    Cost: 100 µs a subtree and epoch that is missing; 50 µs an epoch that is not.
    """
    seal_paths(replica, member, key_paths(member.grant.read), now)


def seal_paths(replica: Replica, member: Member, paths: Iterable[str], now: int) -> None:
    """Seal to a device the keys of some subtrees, as far as they are held here and were not handed to it yet.

    Args:
        paths: of subtrees; `ROOT` for all there is, which only a keeper is handed.
    """
    handed = _handed(replica, keys_scope(member.author))
    items: list[Item] = []
    for epoch in replica.chain.epochs:
        known = handed.get(epoch, set())
        wanted = ((path, replica.keyring.key(epoch, path)) for path in paths if not _is_covered(path, known))
        held = [HeldKey(epoch, path, key) for path, key in wanted if key is not None]
        if held:
            further = epoch in handed
            items.append(seal_keys(replica.company, member.device, member.seal_public, held, replica.sealer, further))
    for batch in split_items(items):
        replica.commit(keys_scope(member.author), batch, now)


def seal_everywhere(replica: Replica, now: int) -> None:
    """Seal to every member, and to the recovery phrase, what it may read and was not handed yet. In a transaction.

    What is public of the branches is told as well.

    Cost: 1 ms a member where an epoch is new.
    """
    seal_for_recovery(replica, now)
    publish_branches(replica, now)
    for member in sorted(replica.chain.members.values(), key=lambda one: one.admitted_at):
        if member.revoked_at is None:
            seal_granted(replica, member, now)


def publish_branches(replica: Replica, now: int) -> None:
    """Tell, of every epoch, what is public of the branches of which it was not told yet. Inside a transaction.

    Cost: 60 µs a branch and epoch that is new; reads one document for each time branches were added.
    """
    told = {(epoch, code) for epoch, code, _ in published_in(replica.documents.in_scope(PAIRS_SCOPE))}
    items: list[Item] = []
    for epoch in replica.chain.epochs:
        if replica.keyring.key(epoch, TRANSFERS) is not None:
            missing = [code for code in replica.chain.branches if (epoch, code) not in told]
            secrets = ((code, replica.keyring.key(epoch, pairs_path(code))) for code in missing)
            items += publications(epoch, [(code, public_of(key)) for code, key in secrets if key is not None])
    for batch in split_items(items):
        replica.commit(PAIRS_SCOPE, batch, now)


def seal_for_recovery(replica: Replica, now: int) -> None:
    """Seal to the recovery phrase the root of every epoch that it was not handed yet. Inside a transaction."""
    public, seal_public = replica.chain.recovery_keys
    handed = _handed(replica, RECOVERY_KEYS_SCOPE)
    missing = ((epoch, replica.keyring.key(epoch, ROOT)) for epoch in replica.chain.epochs if epoch not in handed)
    items = [
        seal_keys(replica.company, device_id(public), seal_public, [HeldKey(epoch, ROOT, root)], replica.sealer)
        for epoch, root in missing
        if root is not None
    ]
    for batch in split_items(items):
        replica.commit(RECOVERY_KEYS_SCOPE, batch, now)


def _handed(replica: Replica, scope: str) -> dict[bytes, set[str]]:
    """By epoch, the subtrees whose keys lie in a scope of keys."""
    found: dict[bytes, set[str]] = {}
    for document in replica.documents.in_scope(scope):
        sealed = sealed_in(document)
        if sealed is not None:
            found.setdefault(sealed[0], set()).update(sealed[1])
    return found


def _is_covered(path: str, handed: Collection[str]) -> bool:
    return any(is_within(path, other) for other in handed)
