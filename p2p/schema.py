"""The tables that carry commits, as migrations: a store of an older version is brought up to date when it is opened."""

import msgspec
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

migrations = Migrations("p2p")

_FIRST = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;

-- The control chain as received, entry by entry.
CREATE TABLE chain (seq INTEGER PRIMARY KEY, entry BLOB NOT NULL);

-- One row a scope; sum is the sum of its commit ids mod 2^256, which is what peers compare.
CREATE TABLE scopes (
  id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, sum BLOB NOT NULL, count INTEGER NOT NULL
);

-- Every commit as it was received. prefix orders by the first 8 bytes of the id; source is the link it came over.
CREATE TABLE commits (
  row INTEGER PRIMARY KEY AUTOINCREMENT, scope INTEGER NOT NULL, prefix INTEGER NOT NULL, id BLOB NOT NULL,
  header BLOB NOT NULL, signature BLOB NOT NULL, body BLOB, state INTEGER NOT NULL, source INTEGER
);
CREATE INDEX commits_prefix ON commits (scope, prefix);
CREATE INDEX commits_scope ON commits (scope, row);

-- Why a commit is not applied; only for those that are quarantined or wait for a key.
CREATE TABLE set_aside (row INTEGER PRIMARY KEY, state INTEGER NOT NULL, reason TEXT NOT NULL);

-- Commits that may be judged otherwise later: ahead of our control chain, or not proved yet. Bounded per source.
CREATE TABLE held_back (
  id BLOB PRIMARY KEY, source INTEGER, reason TEXT NOT NULL, header BLOB NOT NULL, signature BLOB NOT NULL, body BLOB
) WITHOUT ROWID;

-- The last commit of an author in a scope, which the next one names as prev.
CREATE TABLE tips (scope INTEGER, author BLOB, id BLOB NOT NULL, row INTEGER NOT NULL, PRIMARY KEY (scope, author))
  WITHOUT ROWID;

-- One document: a Yjs update with every accepted save. prefix orders by the first 8 bytes of the id.
CREATE TABLE documents (
  row INTEGER PRIMARY KEY, scope INTEGER NOT NULL, prefix INTEGER NOT NULL, id BLOB NOT NULL, kind TEXT NOT NULL,
  yjs BLOB NOT NULL
);
CREATE INDEX documents_prefix ON documents (prefix);

-- What is known of each peer. settled_row is the last local commit row that was compared when both were in sync.
CREATE TABLE links (
  id INTEGER PRIMARY KEY, device BLOB NOT NULL UNIQUE, address TEXT, share BLOB, mine BLOB, theirs BLOB,
  settled_row INTEGER NOT NULL DEFAULT 0, in_sync_at INTEGER, seen_at INTEGER, met INTEGER NOT NULL DEFAULT 0,
  missing_here INTEGER, missing_there INTEGER, error TEXT, clock_off_ms INTEGER
);

-- Pairs of digests of a node that were compared to the end with nothing left to take.
CREATE TABLE settled (
  link INTEGER, share BLOB, node TEXT, mine BLOB NOT NULL, theirs BLOB NOT NULL, PRIMARY KEY (link, share, node)
) WITHOUT ROWID;

-- Commits a peer sent that were refused, with the reason, for a person.
CREATE TABLE refusals (
  id INTEGER PRIMARY KEY, link INTEGER, commit_id BLOB, reason TEXT NOT NULL, at INTEGER NOT NULL
);

-- Invitations made here, with their secrets: whoever holds one can join until it is used or expires.
CREATE TABLE invitations (slot BLOB PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
"""

_FORKS = """
-- Entries of lines of the control chain that have lost, each after one of `chain` or of this table.
CREATE TABLE chain_lost (hash BLOB PRIMARY KEY, seq INTEGER NOT NULL, entry BLOB NOT NULL) WITHOUT ROWID;
"""


_NOT_ACCEPTED = "CREATE INDEX commits_not_accepted ON commits (scope, row) WHERE state<>0"


@migrations(name="0001_first", transactional=True)
def first(db: Database) -> None:
    """Create every table of a new store."""
    for statement in _FIRST.split(";\n"):
        if statement.strip():
            db.conn.execute(statement)


@migrations(name="0002_not_accepted", transactional=True)
def not_accepted(db: Database) -> None:
    """Find what may open later, or count again, without reading all that counts already."""
    db.conn.execute(_NOT_ACCEPTED)


_ARRIVALS = """
-- When commits came: one row for each transaction that brought some, with the first row number it gave.
CREATE TABLE arrivals (row INTEGER PRIMARY KEY, at INTEGER NOT NULL);

-- How much of each author is stored: headers, signatures and bodies, less what was pruned.
CREATE TABLE stored (author BLOB PRIMARY KEY, bytes INTEGER NOT NULL) WITHOUT ROWID;
"""


@migrations(name="0003_arrivals", transactional=True)
def arrivals(db: Database) -> None:
    """Note when commits come, and how much of whom is kept; what is here already is counted, its time is not known."""
    for statement in _ARRIVALS.split(";\n"):
        if statement.strip():
            db.conn.execute(statement)
    bytes_of: dict[bytes, int] = {}
    for header, size in db.conn.execute("SELECT header, length(header) + 64 + coalesce(length(body), 0) FROM commits"):
        author = msgspec.msgpack.decode(header)[2]
        bytes_of[author] = bytes_of.get(author, 0) + size
    db.conn.executemany("INSERT INTO stored VALUES (?, ?)", bytes_of.items())


@migrations(name="0004_chain_lost", transactional=True)
def chain_lost(db: Database) -> None:
    """Keep the lines of a forked control chain that lost."""
    db.conn.execute(_FORKS)


_CONTACT = """
-- Devices with which nothing is exchanged until a person resumes it.
CREATE TABLE paused (device BLOB PRIMARY KEY) WITHOUT ROWID;

-- What happened on the line lately, for a person; only the latest are kept.
CREATE TABLE events (
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, event TEXT NOT NULL, peer TEXT NOT NULL, text TEXT NOT NULL
);
CREATE INDEX events_peer ON events (peer, id);
"""


@migrations(name="0005_contact", transactional=True)
def contact(db: Database) -> None:
    """Keep what people decided about being in touch, and what happened on the line."""
    for statement in _CONTACT.split(";\n"):
        if statement.strip():
            db.conn.execute(statement)


@migrations(name="0006_proved", transactional=True)
def proved(db: Database) -> None:
    """Keep how many commits of each tree a peer has proved to hold."""
    db.conn.execute("ALTER TABLE links ADD COLUMN proved_control INTEGER")
    db.conn.execute("ALTER TABLE links ADD COLUMN proved_share INTEGER")


_REPORTS = """
-- What each relay said last of each device: when it was seen, up to when delivered, what waits there since when.
CREATE TABLE reports (
  relay BLOB, device BLOB, seen_at INTEGER, delivered_at INTEGER, waiting INTEGER NOT NULL, since INTEGER,
  said_at INTEGER NOT NULL, PRIMARY KEY (relay, device)
) WITHOUT ROWID
"""


@migrations(name="0007_reports", transactional=True)
def reports(db: Database) -> None:
    """Keep what relays say of the devices they serve."""
    db.conn.execute(_REPORTS)


@migrations(name="0008_delivered", transactional=True)
def delivered(db: Database) -> None:
    """Remember what relays are known to have delivered to whom, under which share with that device."""
    db.conn.execute(
        "CREATE TABLE delivered (device BLOB, relay BLOB, share BLOB NOT NULL, row INTEGER NOT NULL, "
        "PRIMARY KEY (device, relay, share)) WITHOUT ROWID"
    )
    db.conn.execute("ALTER TABLE links ADD COLUMN settled_at INTEGER")


@migrations(name="0009_set_aside_by_state", transactional=True)
def set_aside_by_state(db: Database) -> None:
    """Tell at once whether something waits for a key, however much is quarantined."""
    db.conn.execute("CREATE INDEX set_aside_state ON set_aside (state)")


@migrations(name="0010_with_body", transactional=True)
def with_body(db: Database) -> None:
    """Find the bodies that a relay may drop without reading the commits whose bodies are gone."""
    db.conn.execute("CREATE INDEX commits_with_body ON commits (scope, row) WHERE body IS NOT NULL")
