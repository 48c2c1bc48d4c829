"""What a keeper does about letters that lie at relays: ask for those of its open invitations, and answer them."""

from collections.abc import Callable

from p2p.chain import RELAY
from p2p.conversation import Conversation
from p2p.errors import TicketError
from p2p.events import SlotCame
from p2p.slots import answer_letter, open_slots

TellWords = Callable[[str, str, str], None]
"""Takes a word, the peer's name and a sentence, for the log."""


class KeeperLetters:
    """The letters of one keeper.

    Args:
        now: this device's clock, ms since 1970.
        tell: takes what happens.
    """

    def __init__(self, now: Callable[[], int], tell: TellWords) -> None:
        self._now = now
        self._tell = tell
        self._asked: dict[Conversation, set[bytes]] = {}

    def ask(self, conversation: Conversation) -> None:
        """Ask a relay, as the keeper, what lies there for the invitations that are open; nothing of anybody else."""
        replica, peer = conversation.replica, conversation.session.peer
        if replica is None or peer is None or replica.chain.keeper != replica.keys.id:
            return
        member = replica.chain.member(peer)
        if member is not None and member.role == RELAY:
            self._asked[conversation] = set(open_slots(replica, self._now()))
            for slot in sorted(self._asked[conversation]):
                conversation.say_slot(slot, b"")

    def is_waiting(self, conversation: Conversation) -> bool:
        """Whether a question is not answered yet."""
        return bool(self._asked.get(conversation))

    def over(self, conversation: Conversation) -> None:
        """Forget what was asked in a conversation that has ended."""
        self._asked.pop(conversation, None)

    def take(self, conversation: Conversation, came: SlotCame) -> bool:
        """Answer a letter that a relay handed over: admit whoever wrote it, or say why not.

        Returns:
            whether somebody was admitted.
        """
        replica = conversation.replica
        if replica is None:
            conversation.leave("unsupported", "letters are left at relays, and this is none")
            return False
        self._asked.get(conversation, set()).discard(came.slot)
        if not came.letter:
            return False
        try:
            answer = answer_letter(replica, came.slot, came.letter, self._now())
        except TicketError as error:
            self._tell("refused", "joiner", f"a letter that lay at a relay was not answered: {error}")
            return False
        if isinstance(answer, bytes):
            self._tell("refused", "joiner", "refused somebody with a ticket, by a letter at a relay that says why")
            self._asked.setdefault(conversation, set()).add(came.slot)
            conversation.say_slot(came.slot, answer)
            return False
        self._tell("joined", answer.name, f"{answer.name} joined; check code {answer.check_code}")
        return True
