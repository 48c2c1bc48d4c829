"""Rules for the copies that are measured: offered by the head office and accepted, without a conversation."""

from p2p.replica import Replica
from p2p.rule_deeds import accept, offer_preset
from p2p.rules import rule_in
from p2p.scope import RULES_SCOPE, keys_scope


def agree(office: Replica, branch: Replica, preset: str, now: int) -> None:
    """Let the head office offer a preset to a branch that was just admitted, and the branch accept it.

    The branch then holds the control chain, its keys and this rule, and nothing else.
    """
    code = office.chain.members[branch.keys.author].branch
    rule = offer_preset(office, code, preset, "asha", now)
    branch.extend_chain(office.chain_entries(branch.chain.head[0]), now)
    carry(office, branch, keys_scope(branch.keys.author), 0, now)
    carry(office, branch, RULES_SCOPE, office.store.next_row() - 2, now)
    offered = rule_in(branch.documents, branch.chain, rule)
    assert offered is not None
    row = branch.store.next_row() - 1
    accept(branch, offered, "ravi", now)
    carry(branch, office, RULES_SCOPE, row, now)


def carry(source: Replica, target: Replica, scope: str, after_row: int, now: int) -> None:
    """Take the commits of a scope that came after a row from one copy to another."""
    number = source.store.find_scope(scope)
    assert number is not None
    stored = source.store.in_scope(number, after_row, 100_000)
    commits = [(commit.header, commit.signature, commit.body) for commit in stored]
    target.ingest_from(target.check_untrusted(commits), source.keys.id, None, now)
