"""What a conversation tells its node, and asks of it."""

from typing import TYPE_CHECKING, NamedTuple, Protocol

from p2p.events import CompanyOffered, JoinRequested, SlotCame
from p2p.replica import Replica

if TYPE_CHECKING:
    from p2p.conversation import Conversation


class Refusal(NamedTuple):
    """Why somebody is sent away: the word and the sentence of the goodbye."""

    code: str
    text: str


class Surroundings(Protocol):
    """The node around a conversation."""

    def wrote(self, replica: Replica) -> None:
        """Something new is in a store: other conversations about that copy may want it."""

    def established(self, conversation: "Conversation", clock_off_ms: int) -> None:
        """Both ends are members and known to each other; the peer's clock is that far ahead of ours."""

    def sync_changed(self, conversation: "Conversation", in_sync: bool) -> None:
        """The copies are proved to agree, or do no longer."""

    def admit(self, replica: Replica, request: JoinRequested) -> str | None:
        """Admit a joiner to the control chain; or why not, as it is told to the joiner."""

    def take_in(self, offered: CompanyOffered) -> Replica | Refusal:
        """The copy, empty as yet, of a company that is served from now on; or why it is not."""

    def slot_came(self, conversation: "Conversation", came: SlotCame) -> None:
        """Take in a letter, or answer the question for one."""
