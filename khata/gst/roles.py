"""What a ledger is to GST: it collects tax, it books what is supplied, or it is neither."""

from typing import Final

from khata.books import Books
from khata.gst.heads import head_in_name, head_of
from khata.gst.rates import percentage
from khata.reports.chart import Chart

TAX: Final = "tax"
SUPPLY: Final = "supply"
ROUNDING: Final = "rounding"
OTHER: Final = "other"

SALES: Final = "Sales Accounts"
PURCHASES: Final = "Purchase Accounts"
_DUTIES: Final = "Duties & Taxes"
_SUPPLIED: Final = (
    *(SALES, PURCHASES, "Direct Incomes", "Direct Expenses", "Indirect Incomes", "Indirect Expenses"),
    *("Fixed Assets", "Suspense A/c"),
)


class Roles:
    """The role of every ledger of one copy, and the head and rate of those that collect tax."""

    def __init__(self, books: Books) -> None:
        self._chart = Chart(books)
        self._books = books
        self._duties = self._chart.predefined(_DUTIES)
        self._supplied = self._chart.predefined(*_SUPPLIED) | {self._chart.suspense}
        self._income = self._chart.predefined(SALES, "Direct Incomes", "Indirect Incomes")
        self._expenses = self._chart.predefined(PURCHASES, "Direct Expenses", "Indirect Expenses")
        self._sales = self._chart.predefined(SALES)
        self._purchases = self._chart.predefined(PURCHASES)
        self._taxes = {
            local: (kind or "", head or "", rate or "")
            for local, kind, head, rate in books.db.execute("SELECT id, tax_kind, tax_head, tax_rate FROM ledgers")
        }
        self._known: dict[int, tuple[str, str]] = {}
        self._effective: dict[int, int] = {}

    def effective(self, ledger: int) -> int:
        """The local id of the ledger that this one reads as."""
        found = self._effective.get(ledger)
        if found is None:
            found = self._effective[ledger] = self._books.names.effective("ledger", ledger)
        return found

    def name(self, ledger: int) -> str:
        """What the ledger is called."""
        return self._chart.account(ledger).name

    def role(self, ledger: int) -> str:
        """`TAX`, `SUPPLY`, `ROUNDING` or `OTHER`."""
        return self._role(ledger)[0]

    def head(self, ledger: int) -> str:
        """The head that a tax ledger collects; empty for others."""
        return self._role(ledger)[1]

    def tax_rate(self, ledger: int) -> int | None:
        """The rate that a tax ledger is kept for, in millionths of a percent; None when it is for any."""
        found = percentage(self._taxes[self.effective(ledger)][2])
        return found or None

    def is_income(self, ledger: int) -> bool:
        """Whether what it books is earned."""
        return self._chart.account(ledger).group in self._income

    def is_expense(self, ledger: int) -> bool:
        """Whether what it books is spent."""
        return self._chart.account(ledger).group in self._expenses

    def tax_ledgers(self, head: str) -> list[int]:
        """The live ledgers that collect a head, by name and id."""
        live = [account for account in self._chart.accounts() if not account.deleted]
        return [account.local for account in live if self.head(account.local) == head]

    def accounts_for(self, outward: bool) -> list[int]:
        """The live ledgers on which sales, or purchases, are booked, by name and id."""
        groups = self._sales if outward else self._purchases
        return [account.local for account in self._chart.accounts() if account.group in groups and not account.deleted]

    def _role(self, ledger: int) -> tuple[str, str]:
        known = self._known.get(ledger)
        if known is None:
            known = self._known[ledger] = self._worked_out(self.effective(ledger))
        return known

    def _worked_out(self, ledger: int) -> tuple[str, str]:
        account = self._chart.account(ledger)
        kind, head, _ = self._taxes[ledger]
        is_gst = kind.casefold() == "gst"
        if is_gst or account.group in self._duties:
            found = head_of(head) or (head_in_name(account.name) if is_gst or not _is_other_tax(kind) else "")
            return (TAX, found) if found else (OTHER, "")
        if account.group not in self._supplied:
            return OTHER, ""
        return (ROUNDING if "round" in account.name.casefold() else SUPPLY), ""


def _is_other_tax(kind: str) -> bool:
    return kind.casefold() not in ("", "others", "gst")
