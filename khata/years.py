"""Financial years: 1 April to 31 March."""

_FIRST_DAY = "04-01"


def financial_year(date: str) -> str:
    """The financial year of a date as it stands in voucher numbers: `"2026-04-02"` is in `"26-27"`.

    Args:
        date: a valid date as YYYY-MM-DD.
    """
    begins = year_begins(date)
    return f"{begins % 100:02}-{(begins + 1) % 100:02}"


def year_begins(date: str) -> int:
    """The calendar year in which a date's financial year begins."""
    year = int(date[:4])
    return year if date[5:] >= _FIRST_DAY else year - 1
