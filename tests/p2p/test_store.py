"""The store: whole transactions or nothing, and digests that are always right."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p.errors import StoreError
from p2p.store import ACCEPTED, CARRIED, QUARANTINED, WAITING_FOR_KEY, Store, StoreBusy, StoredCommit, prefix_of
from p2p.tree import Digest
from tests.p2p.stores import SCOPES, a_store, check_digests, commit_id, held, put

# -- transactions ---------------------------------------------------------------------------------------------------


def test_others_see_all_of_a_transaction_when_it_has_ended_and_nothing_before(tmp_path):
    store, other = Store.open(tmp_path / "khata.db"), Store.open(tmp_path / "khata.db")
    with store.transaction():
        store.set_meta("company", b"sharma")
        put(store, SCOPES[0], commit_id(1))
        assert other.meta("company") is None
        assert other.count() == 0
    assert other.meta("company") == b"sharma"
    assert held(other) == {SCOPES[0]: [commit_id(1)]}


class Interrupted(BaseException):
    """Nothing that anybody expects."""


def write_and_raise(store: Store, error: type[BaseException]) -> None:
    with store.transaction():
        put(store, SCOPES[0], commit_id(2))
        put(store, SCOPES[2], commit_id(3))
        raise error


@pytest.mark.parametrize("error", [KeyError, KeyboardInterrupt, Interrupted, StoreError])
def test_whatever_is_raised_inside_leaves_nothing(error):
    store = a_store()
    put(store, SCOPES[0], commit_id(1))
    with pytest.raises(error):
        write_and_raise(store, error)
    assert not store.in_transaction
    assert held(store) == {SCOPES[0]: [commit_id(1)]}
    check_digests(store)
    put(store, SCOPES[0], commit_id(4))
    check_digests(store)


@given(st.integers(1, 6), st.integers(0, 12))
def test_nested_blocks_are_one_transaction(depth, failing):
    """Each block writes on its way in and on its way out; one of these steps fails, or none does."""
    store = a_store()
    steps = iter(range(100))

    def block(left: int) -> None:
        with store.transaction():
            step(next(steps))
            if left > 1:
                block(left - 1)
            assert store.in_transaction
            step(next(steps))

    def step(number: int) -> None:
        if number == failing:
            raise Interrupted
        put(store, SCOPES[number % 3], commit_id(number))

    if failing < 2 * depth:
        with pytest.raises(Interrupted):
            block(depth)
        assert store.count() == 0
    else:
        block(depth)
        assert store.count() == 2 * depth
    check_digests(store)
    assert not store.in_transaction


def test_a_scope_whose_first_commit_came_to_nothing_is_forgotten():
    store = a_store()
    with pytest.raises(KeyError):
        write_and_raise(store, KeyError)
    assert store.find_scope(SCOPES[0]) is None
    put(store, SCOPES[1], commit_id(1))
    put(store, SCOPES[0], commit_id(2))
    assert held(store) == {SCOPES[1]: [commit_id(1)], SCOPES[0]: [commit_id(2)]}


def test_a_second_writer_is_told_at_once_and_has_written_nothing(tmp_path):
    store, other = Store.open(tmp_path / "khata.db"), Store.open(tmp_path / "khata.db", wait_ms=0)
    with store.transaction():
        put(store, SCOPES[0], commit_id(1))
        with pytest.raises(StoreBusy, match="another process is writing"):
            put(other, SCOPES[0], commit_id(2))
        assert not other.in_transaction
        assert other.count() == 0
    put(other, SCOPES[0], commit_id(2))
    assert held(store) == {SCOPES[0]: [commit_id(1), commit_id(2)]}
    check_digests(store)


def test_a_second_writer_may_wait_for_its_turn(tmp_path):
    store = Store.open(tmp_path / "khata.db")
    started = threading.Event()

    def write() -> None:
        other = Store.open(tmp_path / "khata.db", wait_ms=20_000)
        started.set()
        put(other, SCOPES[0], commit_id(2))
        other.close()

    writer = threading.Thread(target=write)
    with store.transaction():
        put(store, SCOPES[0], commit_id(1))
        writer.start()
        assert started.wait(10)
    writer.join(20)
    assert held(store) == {SCOPES[0]: [commit_id(1), commit_id(2)]}


def note(store: Store, *errors: type[BaseException]) -> None:
    with store.noting():
        store.set_meta("note", b"noted")
        for error in errors:
            raise error


def test_only_notes_do_without_the_disk_and_only_while_they_are_written(tmp_path):
    """Whatever becomes of a note, what is written after it is durable again."""
    store, other = Store.open(tmp_path / "khata.db", wait_ms=0), Store.open(tmp_path / "khata.db")
    note(store)
    assert other.meta("note") == b"noted"
    assert store.conn.execute("PRAGMA synchronous").fetchone() == (2,)
    with pytest.raises(KeyError):
        note(store, KeyError)
    assert store.conn.execute("PRAGMA synchronous").fetchone() == (2,)
    with other.transaction(), pytest.raises(StoreBusy):
        note(store)
    assert store.conn.execute("PRAGMA synchronous").fetchone() == (2,)
    with store.transaction():
        note(store)
        assert store.conn.execute("PRAGMA synchronous").fetchone() == (2,)


def test_what_another_process_wrote_is_noticed_once(tmp_path):
    store, other = Store.open(tmp_path / "khata.db"), Store.open(tmp_path / "khata.db")
    store.changed_elsewhere()
    put(store, SCOPES[0], commit_id(1))
    assert not store.changed_elsewhere()
    put(other, SCOPES[0], commit_id(2))
    assert store.changed_elsewhere()
    assert not store.changed_elsewhere()


def test_a_store_survives_a_crash_of_the_machine_as_far_as_sqlite_can_help(tmp_path):
    store = Store.open(tmp_path / "khata.db")
    assert store.conn.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert store.conn.execute("PRAGMA synchronous").fetchone() == (2,)


# -- commits --------------------------------------------------------------------------------------------------------

batches = st.lists(
    st.tuples(st.sampled_from(SCOPES), st.lists(st.integers(0, 60), max_size=6, unique=True), st.booleans()),
    max_size=8,
)


@given(batches)
def test_digests_are_those_of_the_commits_that_are_there(batches):
    store = a_store()
    expected: dict[str, list[bytes]] = {}
    for scope, numbers, fails in batches:
        before = {one for ids in expected.values() for one in ids}
        ids = [one for one in map(commit_id, numbers) if one not in before]
        try:
            with store.transaction():
                put(store, scope, *ids)
                if fails:
                    raise Interrupted
        except Interrupted:
            continue
        if ids:
            expected.setdefault(scope, []).extend(ids)
    assert held(store) == expected
    check_digests(store)


@given(st.lists(st.integers(0, 300), unique=True, max_size=40), st.text("0123456789abcdef", max_size=3))
def test_ids_are_found_by_their_first_digits_in_order(numbers, digits):
    store = a_store()
    put(store, SCOPES[0], *map(commit_id, numbers))
    put(store, SCOPES[1], commit_id(1000))
    scope = store.find_scope(SCOPES[0])
    assert scope is not None
    expected = sorted(one for one in map(commit_id, numbers) if one.hex().startswith(digits))
    assert store.ids(scope, digits) == expected
    for number in numbers:
        assert [one.id for one in store.by_prefixes(scope, [commit_id(number)[:8]])] == [commit_id(number)]
        assert store.holds(scope, commit_id(number))
    assert not store.holds(scope, commit_id(1000))
    assert store.by_prefixes(scope, [commit_id(1000)[:8]]) == []


def test_ids_with_the_same_first_eight_bytes_are_two_commits():
    store = a_store()
    twins = [b"\xff" * 8 + bytes([number]) * 24 for number in (2, 1)]
    put(store, SCOPES[0], *twins)
    scope = store.find_scope(SCOPES[0])
    assert scope is not None
    assert {one.id for one in store.by_prefixes(scope, [b"\xff" * 8])} == set(twins)
    assert store.ids(scope) == store.ids(scope, "f" * 16) == sorted(twins)
    assert not store.holds(scope, b"\xff" * 8 + bytes(24))


def test_many_are_looked_up_at_once_at_both_ends_of_the_range_too():
    store = a_store()
    ends = [bytes(32), b"\x00" * 31 + b"\x01", b"\x7f" + b"\xff" * 31, b"\x80" + bytes(31), b"\xff" * 32]
    absent = [b"\x01" + bytes(31), commit_id(1)]
    put(store, SCOPES[0], *reversed(ends))
    put(store, SCOPES[1], *absent)
    scope = store.find_scope(SCOPES[0])
    assert scope is not None
    assert store.held(scope, [*ends, *absent]) == set(ends)
    prefixes = [one[:8] for one in (*ends, *absent)]
    assert store.prefixes_held(scope, prefixes) == {one[:8] for one in ends}
    assert [one.id for one in store.by_prefixes(scope, prefixes)] == list(reversed(ends))
    assert store.held(scope, []) == store.prefixes_held(scope, []) == set()


def test_prefixes_are_in_the_order_of_ids():
    ids = sorted([bytes(32), b"\x7f" + b"\xff" * 31, b"\x80" + bytes(31), b"\xff" * 32, *map(commit_id, range(20))])
    assert [prefix_of(one) for one in ids] == sorted(prefix_of(one) for one in ids)
    assert (prefix_of(bytes(32)), prefix_of(b"\xff" * 32)) == (-(2**63), 2**63 - 1)


def test_a_scope_is_read_page_by_page_in_the_order_of_arrival():
    store = a_store()
    for number in range(25):
        put(store, SCOPES[number % 2], commit_id(number), source=number % 3 or None)
    scope = store.find_scope(SCOPES[1])
    assert scope is not None
    read, after = list[bytes](), 0
    while page := store.in_scope(scope, after, 5):
        read += [one.id for one in page]
        after = page[-1].row
    assert read == [commit_id(number) for number in range(1, 25, 2)]
    since = store.since(20)
    assert [(row, one, source) for row, _, one, source in since] == [
        (number + 1, commit_id(number), number % 3 or None) for number in range(20, 25)
    ]
    assert len(store.since(0, limit=7)) == 7
    assert store.next_row() == 26


def test_a_commit_is_given_back_as_it_was_received():
    store = a_store()
    with store.transaction():
        scope = store.scope_id(SCOPES[0])
        pruned = StoredCommit(1, scope, commit_id(1), b"header", b"s" * 64, None, CARRIED, 7)
        whole = StoredCommit(2, scope, commit_id(2), b"h" + commit_id(1), b"t" * 64, b"body", WAITING_FOR_KEY, None)
        store.append([pruned, whole])
    assert list(store.everything()) == [pruned, whole]
    assert list(store.everything(WAITING_FOR_KEY)) == [whole]
    assert store.names_as_prev(scope, commit_id(1)) == [whole]
    assert store.names_as_prev(scope, commit_id(2)) == []


def test_a_state_has_one_reason_or_none():
    store = a_store()
    put(store, SCOPES[0], commit_id(1), state=WAITING_FOR_KEY)
    for state, reason in ((QUARANTINED, "first"), (QUARANTINED, "second"), (ACCEPTED, None)):
        with store.transaction():
            store.set_state(1, state, reason)
        assert [one.state for one in store.everything()] == [state]
        reasons = store.conn.execute("SELECT state, reason FROM set_aside").fetchall()
        assert reasons == ([(state, reason)] if reason else [])
    check_digests(store)


def test_chain_and_facts():
    store = a_store()
    store.append_chain([(0, b"zero"), (1, b"one"), (2, b"two")])
    assert store.chain() == [b"zero", b"one", b"two"]
    assert store.chain(after=1) == [b"two"]
    store.set_meta("company", b"one")
    store.set_meta("company", b"two")
    assert store.meta("company") == b"two"
    assert store.meta("nothing") is None


def test_an_empty_store_has_empty_digests():
    store = a_store()
    assert (store.count(), store.next_row(), store.scopes(), held(store)) == (0, 1, {}, {})
    with store.transaction():
        store.scope_id(SCOPES[0])
    assert store.scopes() == {SCOPES[0]: Digest(0, 0)}
