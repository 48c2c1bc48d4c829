"""The control chain in the store: the line that won in `chain`, entry by entry, and those that lost in `chain_lost`."""

from collections.abc import Sequence

from p2p.chain import Chain
from p2p.chain_entries import Entry
from p2p.forks import parting
from p2p.store import Store


def load_chain(store: Store, known: Chain) -> Chain:
    """The chain as it is stored: `known` itself with what came since, or a new one where another line has won.

    Cost: two lookups and 110 µs an entry that is new.
    """
    lost = [(bytes(digest), bytes(entry)) for digest, entry in _rows(store)]
    if not _is_stored(store, known) or {digest for digest, _ in lost} != {one.hash for one in lost_entries(known)}:
        known = Chain(known.company_id)
    known.extend_untrusted(store.chain(known.head[0]))
    if lost and not known.losing:
        known.extend_untrusted([entry for _, entry in lost])
    return known


def keep_chain(store: Store, chain: Chain, new: Sequence[Entry], had_lost: bool) -> None:
    """Store what `Chain.extend_untrusted` has taken in. Inside a transaction.

    Args:
        new: what it returned.
        had_lost: whether there were losing lines before.
    """
    if new:
        store.conn.execute("DELETE FROM chain WHERE seq>=?", (new[0].seq,))
        store.append_chain([(entry.seq, entry.encoded) for entry in new])
    if had_lost or chain.losing:
        store.conn.execute("DELETE FROM chain_lost")
        rows = [(entry.hash, entry.seq, entry.encoded) for entry in lost_entries(chain)]
        store.conn.executemany("INSERT INTO chain_lost VALUES (?, ?, ?)", rows)


def lost_entries(chain: Chain) -> list[Entry]:
    """The entries that stand on losing lines only, each once and after the one it names."""
    found: dict[bytes, Entry] = {}
    for line in chain.losing:
        after = parting(chain.entries(), line.entries()) - 1
        found.update((entry.hash, entry) for entry in line.entries(after))
    return sorted(found.values(), key=lambda entry: (entry.seq, entry.hash))


def lacking(chain: Chain, held: Sequence[tuple[int, bytes]]) -> list[bytes]:
    """The entries that somebody lacks who holds those named by number and hash, and all that they follow.

    Each stands after the one it names. Cost: linear in the entries that are lacking; in all there are, where the
    chain has forked.
    """
    reached = [(line, seq) for line in (chain, *chain.losing) for seq, digest in held if line.holds(seq, digest)]
    if not chain.losing:
        return [entry.encoded for entry in chain.entries(max((seq for _, seq in reached), default=-1))]
    theirs = {entry.hash for line, seq in reached for entry in line.entries()[: seq + 1]}
    return [entry.encoded for entry in (*chain.entries(), *lost_entries(chain)) if entry.hash not in theirs]


def _rows(store: Store) -> list[tuple[bytes, bytes]]:
    return store.conn.execute("SELECT hash, entry FROM chain_lost ORDER BY seq, hash").fetchall()


def _is_stored(store: Store, known: Chain) -> bool:
    seq, _ = known.head
    row = store.conn.execute("SELECT entry FROM chain WHERE seq=?", (seq,)).fetchone()
    return seq < 0 or (row is not None and bytes(row[0]) == known.entries(seq - 1)[0].encoded)
