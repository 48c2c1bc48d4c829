"""What a serving relay tells its operator's monitoring: numbers for Prometheus, and whether it is well."""

import sqlite3
from collections.abc import Iterator
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from khata.showing import instant
from p2p.node import Said
from p2p.quota import kept_bytes
from p2p.relay_home import DESK_FILE, quota_of
from p2p.relay_node import RelayNode
from p2p.whereabouts import others

Json = dict[str, Any]

_COMPANY_DIGITS: Final = 16


class RelayMetrics(Collector):
    """The numbers of one serving relay; by company id, never by anybody's name.

    Args:
        node: the relay.
    """

    def __init__(self, node: RelayNode) -> None:
        self._node = node
        self._registry = CollectorRegistry()
        self._events = Counter("khata_relay_events", "What happened, by kind.", ["event"], registry=self._registry)
        self._registry.register(self)

    def heard(self, said: Said) -> None:
        """Count something that happened."""
        self._events.labels(said.event).inc()

    def page(self) -> bytes:
        """The numbers of now as Prometheus reads them. Cost: a step a device and new commit."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """The numbers of now, for the registry."""
        yield _gauge("khata_relay_companies", "Companies served.", len(self._node.copies))
        yield _gauge("khata_relay_connections", "Devices connected.", len(self._node.connected()))
        of = {
            name: GaugeMetricFamily(f"khata_relay_{name}", text, labels=["company"])
            for name, text in (
                ("commits", "Commits stored."),
                ("stored_bytes", "Bytes of commits and control entries stored."),
                ("quota_bytes", "Bytes that may be stored."),
                ("waiting_commits", "Commits that wait for a device, summed over devices."),
                ("waiting_since_seconds", "When the commit that waits longest came, seconds since 1970; 0 for none."),
            )
        }
        for replica in self._node.copies:
            counts = self._node.waiting_at(replica)
            waiting = [counts.of(member.device) for member in others(replica)]
            since = [one.since for one in waiting if one.since is not None]
            company = [replica.company.hex()[:_COMPANY_DIGITS]]
            of["commits"].add_metric(company, replica.store.count())
            of["stored_bytes"].add_metric(company, kept_bytes(replica.store))
            of["quota_bytes"].add_metric(company, quota_of(replica) or 0)
            of["waiting_commits"].add_metric(company, sum(one.commits for one in waiting))
            of["waiting_since_seconds"].add_metric(company, min(since, default=0) / 1000)
        yield from of.values()


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def health(node: RelayNode) -> tuple[bool, Json]:
    """Whether a relay is well, and what that rests on: its database takes a write, and it listens."""
    fault = _why_not_writable(node)
    last = [at for replica in node.copies if (at := _last_write(replica.store.conn)) is not None]
    well = fault is None and node.listening_at is not None
    return well, {
        "well": well,
        "database": fault or "writable",
        "listening": node.listening_at,
        "last_write": instant(max(last)) if last else None,
        "connections": len(node.connected()),
        "companies": len(node.copies),
    }


def _last_write(conn: sqlite3.Connection) -> int | None:
    (at,) = conn.execute("SELECT max(at) FROM arrivals").fetchone()
    return None if at is None else int(at)


def _why_not_writable(node: RelayNode) -> str | None:
    """Write something that changes nothing; why that failed, or None. Somebody else who writes just now is no fault."""
    try:
        desk = sqlite3.connect(node.home.path / DESK_FILE, timeout=0)
        try:
            desk.execute("UPDATE relay SET body=body")
            desk.commit()
        finally:
            desk.close()
    except sqlite3.Error as error:
        return None if "locked" in str(error) else f"not writable: {error}"
    return None
