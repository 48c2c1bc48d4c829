"""Many branches in one process, on a network that fails on purpose and a clock that jumps.

This is where a person who runs the books of many branches finds out what happens if Pune is cut off for three days,
and where the promises of the rooms below are tried on more schedules than any office will ever see: every run follows
from one seed, so a failure can be run again. What runs is the production node over its real store and books; what is
simulated is all around it: lines (`network`), clocks, disks (`store`), people, and what happens (`happenings`,
`deeds`). Whether it went well the oracle says, which shares no code with what it watches. The room may use `khata` and
`p2p`; nobody uses it but the command line.
"""
