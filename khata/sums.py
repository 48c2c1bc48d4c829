"""Sums that cannot overflow: SQLite adds in 64 bits, and one hostile voucher could hold amounts that exceed them."""

from typing import Final

_PART: Final = 1_000_000


def sum_sql(column: str) -> str:
    """Two SQL columns that `joined` makes the sum of `column` from: quotients and remainders, summed apart.

    The quotient of an amount stays below 10^10, so nine hundred million rows cannot overflow.
    """
    return f"coalesce(sum({column}/{_PART}), 0), coalesce(sum({column}%{_PART}), 0)"


def joined(quotients: int, remainders: int) -> int:
    """The exact sum from its two parts; Python's integers have no bound."""
    return quotients * _PART + remainders


def sides_sql(column: str) -> str:
    """Four SQL columns that `sides` makes the debits and the credits in `column` from.

    The sum of all and that of the debits: testing for the sign twice would take half as long again.
    """
    debit = f"FILTER (WHERE {column}>0)"
    return f"{sum_sql(column)}, coalesce(sum({column}/{_PART}) {debit}, 0), coalesce(sum({column}%{_PART}) {debit}, 0)"


def sides(quotients: int, remainders: int, debit_quotients: int, debit_remainders: int) -> tuple[int, int]:
    """The exact sums of debits and of credits, neither negative, from the columns of `sides_sql`."""
    debit = joined(debit_quotients, debit_remainders)
    return debit, debit - joined(quotients, remainders)
