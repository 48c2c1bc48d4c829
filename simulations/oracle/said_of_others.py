"""What rests on a relay's knowledge of others: what it drops because all have it, what it says has reached them."""

from collections.abc import Iterator

from simulations.oracle.claims import said
from simulations.oracle.reading import Copy
from simulations.oracle.scopes import is_control
from simulations.oracle.watched import Fault, Watched


def dropped_too_early(watched: Watched) -> Iterator[Fault]:
    """Bodies that a relay has dropped though a member, as far as the relay knows, was still to get them from it."""
    for relay in watched.copies.values():
        shares = watched.entitled[relay.name].now if relay.is_relay else None
        before, watched.shares_before[relay.name] = watched.shares_before.get(relay.name), shares
        if shares is None or before is None:
            continue
        dropped = [relay.by_id[id] for id in sorted(relay.dropped)]
        offered = [row for row in dropped if before.is_offered(row.scope) and shares.is_offered(row.scope)]
        if offered:
            yield (
                "dropped",
                f"{relay.name} has dropped the content of {said(offered)}, which a rule that is offered names",
            )
        for taker in watched.copies.values() if dropped else ():
            rows = [
                row
                for row in dropped
                if row.id not in taker.by_id
                and before.may_flow(relay.device, taker.device, row.scope)
                and shares.may_flow(relay.device, taker.device, row.scope)
            ]
            if rows and _is_sound(watched, taker):
                yield "dropped", f"{relay.name} has dropped the content of {said(rows)}, which {taker.name} lacks"


def false_deliveries(watched: Watched) -> Iterator[Fault]:
    """What a relay has said to have reached a device that lacks it."""
    for copy in watched.copies.values():
        shares = watched.entitled[copy.name].now
        for (device, relay), (share, row) in copy.delivered.items():
            taker = next((one for one in watched.copies.values() if one.device == device), None)
            if taker is None or shares is None or not _is_sound(watched, taker) or not _is_sound(watched, copy):
                continue
            if share != shares.share_id(copy.device, device):
                continue
            lacking = [
                one
                for one in copy.rows
                if one.number <= row
                and one.id not in taker.by_id
                and not is_control(one.scope)
                and shares.may_flow(copy.device, relay, one.scope)
                and shares.may_flow(relay, device, one.scope)
                and shares.may_flow(copy.device, device, one.scope)
            ]
            if lacking:
                yield "relay-says", f"{copy.name} was told that {taker.name} has {said(lacking)}, which it lacks"


def _is_sound(watched: Watched, copy: Copy) -> bool:
    return copy.device not in watched.put_back
