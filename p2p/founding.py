"""How a company begins, and who belongs to it: entries and sealed keys that found it and admit its devices."""

import os

from p2p.chain import READ_DEFAULT, WRITE_DEFAULT, Admitted, Body, BranchAdded, Chain, Entry, Epoch
from p2p.chain_members import Grant, Member
from p2p.documents import Projection
from p2p.identity import DeviceKeys, Random
from p2p.keyring import HPKE, ROOT, HeldKey, Keyring, Sealer
from p2p.replica import NotAllowed, Replica
from p2p.scope import RECOVERY_KEYS_SCOPE, keys_scope, slug
from p2p.sealing import publish_branches, seal_granted
from p2p.seals import seal_keys
from p2p.store import Store

COMPANY = "company"
"""The fact in a store that says whose books it holds: the company id."""


def found_company(
    store: Store,
    keys: DeviceKeys,
    recovery: DeviceKeys,
    branch: str,
    series: str,
    now: int,
    projection: Projection | None = None,
    random: Random = os.urandom,
    sealer: Sealer = HPKE,
) -> Replica:
    """Found a company in an empty store, with this device as its keeper.

    Args:
        recovery: the keys that follow from the recovery phrase; only what is public of them is kept.
        branch: name of the first branch.
        series: this device's code in voucher numbers, 1 to 4 of A-Z and 0-9; in lower case the branch's code.
        now: ms since 1970.

    Raises:
        ChainError: the branch or the code cannot be used; nothing is written.
    """
    chain = Chain.found(keys, recovery, now, random)
    with store.transaction():
        store.set_meta(COMPANY, chain.company_id)
        store.append_chain([(entry.seq, entry.encoded) for entry in chain.entries()])
        replica = Replica(store, keys, chain.company_id, projection, random, sealer)
        append(replica, BranchAdded(time=now, code=slug(series), name=branch))
        append(
            replica,
            Admitted(
                time=now,
                key=keys.public,
                seal_key=keys.seal_public,
                name=branch,
                branch=slug(series),
                series=series,
                read=READ_DEFAULT,
                write=WRITE_DEFAULT,
            ),
        )
        epoch, root = Keyring.new_epoch(random)
        append(replica, Epoch(time=now, epoch=epoch))
        held = [HeldKey(epoch, ROOT, root)]
        item = seal_keys(replica.company, keys.id, keys.seal_public, held, sealer)
        replica.commit(keys_scope(keys.author), [item], now)
        item = seal_keys(replica.company, recovery.id, recovery.seal_public, held, sealer)
        replica.commit(RECOVERY_KEYS_SCOPE, [item], now)
    return replica


def append(replica: Replica, body: Body) -> Entry:
    """Add an entry to the control chain, as its keeper. Durable when the transaction around it ends.

    Of a branch that is added, what others need for the keys of their transfers with it is told.

    Raises:
        NotAllowed: this device is not the keeper.
        ChainError: the entry cannot follow; nothing is written.
    """
    with replica.transaction():
        replica.refresh()
        check_keeper(replica)
        entry = replica.chain.append(replica.keys, body)
        replica.append_chain(entry, body.time)
        if isinstance(body, BranchAdded):
            publish_branches(replica, body.time)
    return entry


def check_keeper(replica: Replica) -> None:
    """Let only the keeper go on.

    Raises:
        NotAllowed: this device is not the keeper.
    """
    if replica.chain.keeper != replica.keys.id:
        keeper = replica.chain.member(replica.chain.keeper)
        name = keeper.name if keeper else "the keeper"
        raise NotAllowed(f"only {name} keeps the list of who may do what; run this command there")


def admit_device(
    replica: Replica, keys: tuple[bytes, bytes], name: str, branch: str, series: str, grant: Grant, now: int
) -> Member:
    """Admit a device and seal to it the keys of all it may read, of every epoch so far.

    Args:
        keys: its public keys, to sign and to seal to, 32 bytes each.
        name: what people call it.
        branch: code of its branch, which has been added.
        series: its code in voucher numbers.

    Raises:
        NotAllowed: this device is not the keeper.
        ChainError: the name, the code or the keys cannot be used; nothing is written.
    """
    public, seal_public = keys
    with replica.transaction():
        append(
            replica,
            Admitted(
                time=now,
                key=public,
                seal_key=seal_public,
                name=name,
                branch=branch,
                series=series,
                read=grant.read,
                write=grant.write,
            ),
        )
        member = next(member for member in replica.chain.members.values() if member.public == public)
        seal_granted(replica, member, now)
    return member
