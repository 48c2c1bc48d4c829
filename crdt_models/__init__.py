"""What is kept: documents that merge without asking anybody.

This is the ground floor. Everything in it is a pure function or a plain value: no network, no file, no clock, no
randomness of its own. A ledger, a voucher or a rule is one `Document`, a grow-only set of saves held in a `pycrdt.Doc`;
what people see is folded from the saves, and two saves made without knowledge of each other are both kept.
"""
