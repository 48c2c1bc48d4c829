"""Every limit on what a peer may send or make us keep; each has a test that reaches it.

Names end in the unit, then `_MAX` or `_MIN`. `docs/threats.md` says what each of them is for.
"""

from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB
GIB: Final = 1024 * MIB
DAY_MS: Final = 24 * 60 * 60 * 1000

# Scopes
SCOPE_COMPONENTS_MIN: Final = 2
SCOPE_COMPONENTS_MAX: Final = 5
SCOPE_COMPONENT_CHARS_MAX: Final = 32
SCOPE_CHARS_MAX: Final = SCOPE_COMPONENTS_MAX * (SCOPE_COMPONENT_CHARS_MAX + 1) - 1
SCOPES_PER_COMPANY_MAX: Final = 1_000_000

# Commits
HEADER_BYTES_MAX: Final = 384
COMMIT_SEALED_BYTES_MAX: Final = 256 * KIB
COMMIT_UNPACKED_BYTES_MAX: Final = 1 * MIB
COMMIT_DOCUMENTS_MAX: Final = 256
KIND_CHARS_MAX: Final = 32
SAVE_UNPACKED_BYTES_MAX: Final = 256 * KIB
TIME_MS_MAX: Final = 253_402_300_799_999  # the last millisecond of the year 9999, the last that calendars can name
SEQUENCE_MAX: Final = 2**31 - 1

# The control chain
ENTRY_BODY_BYTES_MAX: Final = 256 * KIB
ENTRY_KIND_CHARS_MAX: Final = 32
GRANT_PATTERNS_MAX: Final = 256
NAME_CHARS_MAX: Final = 64
SERIES_CHARS_MAX: Final = 4

# The key file
KEY_FILE_BYTES_MAX: Final = 4 * KIB
ARGON2_MEMORY_KIB_MAX: Final = 1024 * KIB
ARGON2_PASSES_MAX: Final = 16
ARGON2_LANES_MAX: Final = 16

# Invitations
TICKET_CHARS_MAX: Final = 4096
TICKET_ADDRESSES_MAX: Final = 8
TICKET_RELAYS_MAX: Final = 4
ADDRESS_CHARS_MAX: Final = 255
INVITATION_MS: Final = 7 * DAY_MS
INVITATION_WRONG_TRIES_MAX: Final = 5
LETTER_BYTES_MAX: Final = 4 * KIB

# Relays
QUOTA_BYTES: Final = 2 * GIB
QUOTA_BYTES_MAX: Final = 2**50
COMPANIES_PER_RELAY_MAX: Final = 1_000

# Sessions
FRAME_BYTES_MAX: Final = 1 * MIB
UNACKNOWLEDGED_BYTES_MAX: Final = 4 * MIB
CONNECTIONS_MAX: Final = 256
CONNECTIONS_UNPROVEN_MAX: Final = 16
PROOF_SECONDS_MAX: Final = 10
INTRODUCTION_SECONDS_MAX: Final = 60
OFFER_IDS_MAX: Final = 10_000
REFUSED_COMMITS_PER_PEER_MAX: Final = 16
HELD_BACK_PER_PEER_MAX: Final = 1_000
HELD_BACK_BYTES_PER_PEER_MAX: Final = 16 * MIB
CLOCK_WARNING_MS: Final = 10 * 60 * 1000

# Attachments
ATTACHMENT_BYTES_MAX: Final = 25 * MIB
ATTACHMENT_CHUNK_BYTES_MAX: Final = 128 * KIB
