"""Many branches in one process, on a network that fails on purpose and a clock that jumps.

This is where a person who runs the books of many branches finds out what happens if Pune is cut off for three days,
and where the promises of the rooms below are tried on more schedules than any office will ever see: every run follows
from one seed, so a failure can be run again. It may use `khata` and `p2p`; nobody uses it but the command line. The
room is still empty.
"""
