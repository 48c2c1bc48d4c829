"""Is this commit to be believed: its form, its signature, its author's rights, its content.

A commit is judged by its *author's* rights at the control entry the author had seen, never by who delivered it. Form
and signature can be checked in any thread; the rest asks the control chain and the keys of this copy.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

import msgspec

from crdt_models.errors import BadSave
from crdt_models.saves import ORIGIN_SET_ASIDE, Save, set_aside, unpack_save_untrusted
from p2p.chain import Chain, Cut
from p2p.chain_members import CONTROL
from p2p.commit import Commit, open_commit, parse_commit_untrusted, signature_ok
from p2p.documents import Incoming
from p2p.errors import BadCommit
from p2p.identity import AUTHOR_BYTES
from p2p.keyring import Keyring
from p2p.limits import HANDED_OVER_BYTES_MAX
from p2p.messages import CommitParts
from p2p.scope import CHAIN_SCOPE, KEYS_KIND, is_keys_scope
from p2p.store import ACCEPTED, CARRIED, QUARANTINED, WAITING_FOR_KEY

_CONTROL_KINDS = {"control/rules": "rule", "control/devices": "device"}


class Checked(NamedTuple):
    """A commit whose form and signature have been looked at.

    `commit` is None when the form is broken; `signed` is False when the signature is wrong, and None when its author
    is not known (yet).
    """

    id: bytes
    commit: Commit | None
    signed: bool | None
    fault: str


class Verdict(NamedTuple):
    """What becomes of a commit: a state to store it in, or None to refuse it; `waits` if that may change later.

    `pruned` says that it is valid and that its content did not come, since the peer has dropped it.
    """

    state: int | None
    reason: str
    incoming: tuple[Incoming, ...] = ()
    waits: bool = False
    pruned: bool = False


def check_untrusted(chain: Chain, batch: Sequence[CommitParts]) -> list[Checked]:
    """Check form and signatures of commits of any origin. Safe in a worker thread.

    A commit that its author names as `prev` in a later one of the same scope is as good as signed once that one is: the
    signature of the last covers the ids, and so the headers and bodies, of all before it. So of a run of commits only
    the last signature is checked.

    Cost: 5 µs a commit, and 110 µs, nearly all of it with the GIL released, for each one that no other vouches for.
    """
    checked = [_parsed(parts) for parts in batch]
    by_id = {one.id: at for at, one in enumerate(checked) if one.commit is not None}
    before = [_before(checked, by_id, one) for one in checked]
    for last in set(range(len(checked))).difference(at for at in before if at is not None):
        at: int | None = last
        proved = False
        while at is not None:
            checked[at] = _settled(chain, checked[at], proved)
            proved = bool(checked[at].signed)
            at = before[at]
    return checked


def _before(checked: list[Checked], by_id: dict[bytes, int], one: Checked) -> int | None:
    """Where in the batch the commit is that this one names as `prev`, by the same hand in the same scope."""
    at = by_id.get(one.commit.header.prev) if one.commit is not None else None
    return at if at is not None and _same_hand(one.commit, checked[at].commit) else None


def _settled(chain: Chain, one: Checked, proved: bool) -> Checked:
    if one.commit is None or one.signed:
        return one
    member = chain.author(one.commit.header.author)
    if member is None:
        return one
    return one._replace(signed=proved or (one.signed is None and signature_ok(one.commit, member.public)))


def _parsed(parts: CommitParts) -> Checked:
    try:
        commit = parse_commit_untrusted(*parts)
    except BadCommit as error:
        return Checked(sha256(parts[0]).digest(), None, None, str(error))
    return Checked(commit.id, commit, None, "")


def _same_hand(commit: Commit | None, other: Commit | None) -> bool:
    if commit is None or other is None:
        return False
    return (commit.header.author, commit.header.scope) == (other.header.author, other.header.scope)


def judge(checked: Checked, chain: Chain, keyring: Keyring, device: bytes) -> Verdict:
    """Decide what becomes of a commit.

    Args:
        device: id of the device that judges: what it was granted decides whether a missing key is waited for.
    """
    commit = checked.commit
    if commit is None:
        return Verdict(None, checked.fault)
    header = commit.header
    if checked.signed is False:
        # A later commit of its author may still name it, and so prove it; whoever passes it on may be honest.
        return Verdict(None, "its signature is not its author's", waits=True)
    seq, _ = header.seen
    line = chain.line_of(header.seen)
    if line is None:
        # Entries that follow ours, or those of a line that has not come here.
        return Verdict(None, "it was made with knowledge of control entries that are not here yet", waits=True)
    if checked.signed is None:
        return Verdict(None, "its author is not a device of this company")
    if header.scope == CHAIN_SCOPE or not line.may_write(header.author, header.scope, seq):
        return Verdict(None, f"its author may not write in {header.scope}")
    if commit.ciphertext is None:
        return Verdict(None, "its content was pruned by the peer; another device may still hold it", pruned=True)
    return _content(commit, chain, keyring, device)


def _content(commit: Commit, chain: Chain, keyring: Keyring, device: bytes) -> Verdict:
    header = commit.header
    key = None if is_keys_scope(header.scope) else keyring.key(header.epoch, header.scope)
    if key is None and not is_keys_scope(header.scope):
        if chain.may_read(device, header.scope):
            return Verdict(WAITING_FOR_KEY, "the key for it has not arrived yet; the keeper sends it at the next sync")
        return Verdict(CARRIED, "")
    try:
        return Verdict(ACCEPTED, "", opened(commit, key))
    except BadCommit as error:
        return Verdict(QUARANTINED, str(error))


def set_aside_by(cut: Cut, verdict: Verdict) -> Verdict:
    """What becomes of a commit beyond a cut: quarantined, so that what builds on it still knows what it builds on.

    The reason is the same on every copy, whether it can open the commit or not.
    """
    reason = "was revoked" if CONTROL in cut.scopes else "was taken the right to write there"
    emptied = (
        one._replace(
            save=msgspec.structs.replace(one.save, values={}, origin=ORIGIN_SET_ASIDE), save_bytes=set_aside(one.save)
        )
        for one in verdict.incoming
    )
    return Verdict(QUARANTINED, f"its author {reason}, and it had not arrived by then", tuple(emptied))


def of_a_revoked_device(
    batch: Sequence[Checked], device: bytes, bytes_set_aside: int
) -> tuple[list[Checked], list[tuple[bytes, str]]]:
    """What may be taken from a revoked device that hands over its work, and what not, with the reason.

    Args:
        device: its id; of other authors it hands over nothing.
        bytes_set_aside: how much that came from it is set aside here.
    """
    own = [one for one in batch if one.commit is not None and one.commit.header.author == device[:AUTHOR_BYTES]]
    reason = "a revoked device hands over what it made itself, and nothing else"
    size = sum(one.commit.size for one in own if one.commit is not None)
    if bytes_set_aside + size > HANDED_OVER_BYTES_MAX:
        own, reason = [], "as much is set aside of this revoked device as is kept; re-admit some of it first"
    taken = {one.id for one in own}
    return own, [(one.id, reason) for one in batch if one.id not in taken]


def opened(commit: Commit, key: bytes | None) -> tuple[Incoming, ...]:
    """The saves of a commit, each unpacked and of a kind that belongs in its scope.

    Raises:
        BadCommit: it does not open, or holds something malformed; the message is the reason shown to people.
    """
    header = commit.header
    incoming, belongs = [], None
    for item in open_commit(commit, key):
        if item.kind != belongs:
            if item.kind != _kind_in(header.scope, item.kind):
                raise BadCommit(f"a {item.kind} does not belong in {header.scope}")
            belongs = item.kind
        try:
            save: Save = unpack_save_untrusted(commit.save_id, header.author, header.time, item.save)
        except BadSave as error:
            raise BadCommit(f"a {item.kind} in it is malformed: {error}") from error
        incoming.append(Incoming(header.scope, item.kind, item.document, save, item.save))
    return tuple(incoming)


def _kind_in(scope: str, kind: str) -> str:
    """The kind that documents of a scope have; whatever it is, where only newer versions know."""
    if is_keys_scope(scope):
        return KEYS_KIND
    root, _, rest = scope.partition("/")
    if root == "masters":
        return rest
    if root == "vouchers":
        return "voucher"
    if root == "transfers":
        return "transfer"
    return _CONTROL_KINDS.get(scope, kind)
