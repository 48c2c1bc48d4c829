"""How fast and how small: two copies as real processes over TLS on loopback, measured against the budgets.

`make bench` runs it; `company` makes the books, `end` is one of the two processes, `measures` says what is measured,
`floor` what the same commits cost without network and disk, `table` what all of it should come to.
"""
