r"""Where a conversation can be.

```
dialer    AWAIT_CHALLENGE --Challenge--> AWAIT_CHAIN or AWAIT_HELLO --Hello--> OPEN
listener  AWAIT_PROOF --Proof--> AWAIT_HELLO --Hello--> OPEN
                      \-of a device not known yet--> AWAIT_CHAIN --Chain that admits it--> AWAIT_HELLO
                      \-with a ticket--> AWAIT_ADMISSION --admitted()--> AWAIT_HELLO
                      \-at a relay, of a company not held yet--> AWAIT_ADMISSION --taken_in()--> AWAIT_CHAIN
either, once a Chain or a Hello shows that one of the two was revoked --> HANDOVER
```
"""

from enum import Enum, auto
from typing import Final


class State(Enum):
    """Where a conversation is."""

    AWAIT_CHALLENGE = auto()
    AWAIT_PROOF = auto()
    AWAIT_ADMISSION = auto()
    AWAIT_CHAIN = auto()
    AWAIT_HELLO = auto()
    OPEN = auto()
    HANDOVER = auto()
    CLOSED = auto()


UNPROVEN: Final = (State.AWAIT_CHALLENGE, State.AWAIT_PROOF)
"""Nobody has shown who they are yet: little is read, and not for long."""
