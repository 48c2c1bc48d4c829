"""Whom a node sends away as soon as it is known who is there: whoever is paused, and whoever is there too often."""

from contextlib import AsyncExitStack

import pytest
import trio

from p2p.contact import PAUSED, Contact
from p2p.duplicates import DUPLICATE
from p2p.handshake import prove
from p2p.limits import CONNECTIONS_PER_DEVICE_MAX
from p2p.members import revoke
from p2p.messages import Goodbye, encode
from p2p.transport import Connection
from tests.p2p.copies import NOW, digest
from tests.p2p.nodes import SECONDS, offices, serving
from tests.p2p.strangers import challenge_from, dialled, heard_from, read
from tests.p2p.test_node_faults import with_vouchers


async def test_nothing_is_taken_from_a_device_that_is_paused_and_nothing_is_given_to_it(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    async with serving(office) as address:
        assert (await pune.sync(address)).in_sync
        with_vouchers(office, 20)
        with_vouchers(pune, 20, "vouchers/pun/sales/2026-04", first=100)
        before = digest(office.replica), digest(pune.replica)
        Contact(office.another_process().store).pause([pune.keys.id])
        outcome = await pune.sync(address)
        assert (outcome.goodbye, outcome.received, outcome.sent) == (PAUSED, 0, 0)
        assert len(office.log.of("connected")) == 1
        assert (digest(office.replica), digest(pune.replica)) == before
        Contact(office.another_process().store).resume([pune.keys.id])
        assert (await pune.sync(address)).in_sync


@pytest.mark.parametrize("revoked", [False, True])
async def test_a_device_that_proves_itself_and_says_no_more_cannot_take_every_connection(tmp_path, revoked):
    office, pune = offices(tmp_path, "Pune")
    company, head = pune.replica.company, pune.replica.chain_head()
    if revoked:
        revoke(office.replica, pune.keys.id, NOW)
    async with serving(office) as address, AsyncExitStack() as stack:
        said = list[tuple[Connection, bytes]]()
        for _ in range(CONNECTIONS_PER_DEVICE_MAX + 3):
            connection = await stack.enter_async_context(dialled(address))
            challenge = await challenge_from(connection)
            proof = prove(pune.keys, company, head, connection.listener, challenge)
            with trio.fail_after(SECONDS):
                await connection.stream.send_all(encode(proof))
                said.append((connection, bytes(await connection.stream.receive_some())))
        with trio.fail_after(SECONDS):
            last = [read(answer + await heard_from(connection.stream))[-1] for connection, answer in said[:3]]
        assert [message.code for message in last if isinstance(message, Goodbye)] == [DUPLICATE] * 3
        assert len([one for one in office.node.conversations if not one.is_closed]) == CONNECTIONS_PER_DEVICE_MAX
