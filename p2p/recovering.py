"""The recovery phrase on an empty machine: finding the company, receiving `control`, and taking the keeper's place.

Until it is the keeper the machine speaks with the keys of the phrase, which belong to no device: any member and any
relay shows them the control chain and `control`, and nothing else.
"""

import os

from p2p.chain import Entry, Recovered
from p2p.documents import Projection
from p2p.errors import ChainError
from p2p.founding import COMPANY
from p2p.identity import DeviceKeys, Random
from p2p.introduction import COMPANY_CODE
from p2p.keyring import HPKE, ROOT, HeldKey, Keyring, Sealer
from p2p.node import Outcome
from p2p.packed import split_items
from p2p.replica import Replica
from p2p.scope import RECOVERY_KEYS_SCOPE, keys_scope
from p2p.seals import open_seals, seal_keys
from p2p.store import Store


class NotRecovered(ChainError):
    """The recovery phrase does not open this company, or not all of it came yet; nothing was changed."""


def company_told(outcome: Outcome) -> bytes | None:
    """The id of the company that an answer to a recovery phrase has named, or None."""
    if outcome.goodbye != COMPANY_CODE or outcome.error is None:
        return None
    try:
        company = bytes.fromhex(outcome.error)
    except ValueError:
        return None
    return company if len(company) == 32 else None


def recover(
    store: Store,
    keys: DeviceKeys,
    recovery: DeviceKeys,
    name: str,
    branch: str,
    series: str,
    now: int,
    projection: Projection | None = None,
    random: Random = os.urandom,
    sealer: Sealer = HPKE,
) -> Replica:
    """Make this device the keeper, in a store that holds `control`; does nothing where it was done before.

    Args:
        keys: this device's.
        recovery: those of the phrase.
        name: what people will call this device.
        branch: code of its branch.
        series: its code in voucher numbers, a free one.
        now: ms since 1970.

    Raises:
        NotRecovered: the phrase is not this company's, or keys are missing; nothing was written.
        ChainError: the branch or the code cannot be used; nothing was written.
    """
    company = store.meta(COMPANY)
    assert company is not None
    replica = Replica(store, keys, company, projection, random, sealer)
    with replica.transaction():
        if replica.chain.recovery_keys[0] != recovery.public:
            raise NotRecovered("this phrase is not that of the company; compare it with the paper")
        if replica.chain.member(keys.id) is None:
            _take_the_place(replica, recovery, name, branch, series, now)
    return replica


def _take_the_place(replica: Replica, recovery: DeviceKeys, name: str, branch: str, series: str, now: int) -> Entry:
    keys, roots = replica.keys, Keyring()
    for document in replica.documents.in_scope(RECOVERY_KEYS_SCOPE):
        for held in open_seals(recovery, replica.company, document, replica.sealer):
            roots.add(*held)
    found = [HeldKey(epoch, ROOT, key) for epoch in replica.chain.epochs if (key := roots.key(epoch, ROOT)) is not None]
    missing = len(replica.chain.epochs) - len(found)
    if missing:
        raise NotRecovered(
            f"{missing} of {len(replica.chain.epochs)} sets of keys did not come from there; run it again with "
            "--peer HOST:PORT of another device"
        )
    body = Recovered(time=now, key=keys.public, seal_key=keys.seal_public, name=name, branch=branch, series=series)
    entry = replica.chain.append(recovery, body)
    replica.append_chain(entry, now)
    # What is known of peers was learned under other keys: none of them has met this device.
    replica.db.execute("UPDATE links SET met=0, settled_row=0, share=NULL, in_sync_at=NULL")
    replica.db.execute("DELETE FROM settled")
    items = [seal_keys(replica.company, keys.id, keys.seal_public, [held], replica.sealer) for held in found]
    for batch in split_items(items):
        replica.commit(keys_scope(keys.author), batch, now)
    return entry
