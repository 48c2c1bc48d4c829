"""Three copies with random work at each, random meetings, and kills: afterwards all hold the same, and nothing is lost.

The seed decides what is done; how far a killed process came is up to the machine, and all of it has to be harmless.
"""

from collections import defaultdict
from decimal import Decimal
from random import Random

import pytest

from tests.e2e.conftest import Company
from tests.e2e.shop import Copy, Result, Running, meet

ROUNDS = 4
WORK_PER_ROUND = 3
LEDGERS = ("Café Naïve Traders", "नमस्ते ट्रेडर्स", "Northwind Retail Limited", "HDFC Bank Current A/c", "WR2 Sales")
NEW_LEDGERS = ("Ganesh Wholesale", "Asha Stores", "Bharat Textiles")
GROUPS = ("Sundry Debtors", "Sundry Creditors", "Indirect Expenses")
REPORTS = (
    ("report", "trial-balance"),
    ("report", "trial-balance", "--on", "2026-08-10"),
    ("report", "ledger", "Cash"),
    ("report", "ledger", "HDFC Bank Current A/c", "--from", "2026-08-05"),
    ("voucher", "list"),
    ("ledger", "list", "--deleted"),
    ("group", "list"),
    ("problems",),
    ("conflicts",),
)


class Shop:
    """The three copies, what was acknowledged at any of them, and one source of chance."""

    def __init__(self, company: Company, seed: int) -> None:
        self.copies = list(company)
        self.random = Random(seed)
        self.saves: defaultdict[str, set[str]] = defaultdict(set)
        self.kills = 0

    def work(self, copy: Copy) -> list[str]:
        """A random command for a copy, from what it knows."""
        random = self.random
        vouchers = [found for (found,) in copy.query("SELECT lower(hex(document)) FROM vouchers WHERE NOT cancelled")]
        chance = random.random()
        if chance < 0.15:
            return ["ledger", "add", random.choice(NEW_LEDGERS), "--group", random.choice(GROUPS)]
        if chance < 0.25:
            return ["ledger", "alter", random.choice(LEDGERS), "--phone", f"{random.randrange(10**6)}"]
        if chance < 0.35 and vouchers:
            return ["voucher", "cancel", random.choice(vouchers)]
        if chance < 0.65 and vouchers:
            return ["voucher", "alter", random.choice(vouchers), *self.entries(), "--narration", "altered"]
        date = f"2026-08-{random.randrange(1, 29):02d}"
        return ["voucher", "add", "--type", "Journal", "--date", date, *self.entries(), "--narration", "new"]

    def entries(self) -> list[str]:
        """Options for two or three entries that balance."""
        amount, part = self.random.randrange(2, 10**6), self.random.randrange(1, 10**6)
        debits = [amount - part, part] if part < amount else [amount]
        options = ["--credit", f"{self.random.choice(LEDGERS)}:{Decimal(amount) / 100}"]
        for paise in debits:
            options += ["--debit", f"Cash:{Decimal(paise) / 100}"]
        return options

    def note(self, result: Result) -> None:
        """Remember a save of a voucher that was acknowledged."""
        assert result.code in (0, 1, -9), result.said
        if result.code == 0 and '"number"' in result.out:
            said = result.json
            self.saves[said["id"]].add(said["commit"][:32])

    def work_everywhere(self) -> None:
        """Some commands at each copy; those of one step run at all copies at once, and a few are killed."""
        for _ in range(WORK_PER_ROUND):
            running = [copy.start(*self.work(copy), "--json") for copy in self.copies]
            for one in running:
                self.note(self.kill_perhaps(one, 0.15) or one.wait())

    def meeting(self) -> None:
        """Two copies meet while one of them goes on working; often one end is killed on the way."""
        host, guest = self.random.sample(self.copies, 2)
        serving = host.start("serve", "--listen", "127.0.0.1:0")
        address = serving.wait_for(r"127\.0\.0\.1:[1-9]\d*").group()
        syncing = guest.start("sync", "--peer", address, "--timeout", "20")
        self.note(host.start(*self.work(host), "--json").wait())
        if self.random.random() < 0.3:
            self.kills += 1
            serving.kill()
        ended = self.kill_perhaps(syncing, 0.4) or syncing.wait()
        assert ended.code in (0, 1, 3, -9), ended.said
        if serving.process.is_alive():
            assert serving.stop().code == 0

    def kill_perhaps(self, running: Running, probability: float) -> Result | None:
        if self.random.random() >= probability:
            return None
        self.kills += 1
        return running.kill_after(self.random.random() * 0.15)


def assert_balanced(copy: Copy) -> None:
    balance = copy.run("report", "trial-balance")
    assert balance["debit"] == balance["credit"]
    assert sum(Decimal(row["debit"]) - Decimal(row["credit"]) for row in balance["rows"]) == 0
    for voucher in copy.run("voucher", "list"):
        assert sum(Decimal(entry["amount"]) for entry in voucher["entries"]) == 0


@pytest.mark.parametrize("seed", [1, 2])
def test_random_work_meetings_and_kills_end_in_equal_books(company, seed):
    shop = Shop(company, seed)
    for _ in range(ROUNDS):
        shop.work_everywhere()
        shop.meeting()
        assert_balanced(shop.random.choice(shop.copies))
    assert shop.kills > 0
    assert sum(map(len, shop.saves.values())) > ROUNDS

    one, two, three = shop.copies
    for pair in ((one, two), (two, three), (three, one)):
        meet(*pair)

    assert one.digest == two.digest == three.digest
    for report in REPORTS:
        answers = [one.wait() for one in [copy.start(*report, "--json") for copy in shop.copies]]
        assert [answer.code for answer in answers] == [0, 0, 0], report
        assert answers[0].out == answers[1].out == answers[2].out, report
    for copy in shop.copies:
        copy.verify()
        assert_balanced(copy)
    assert not [problem for problem in one.run("problems") if problem["code"] == "duplicate-number"]
    for voucher, saves in shop.saves.items():
        history = {save["save"] for save in shop.random.choice(shop.copies).run("voucher", "history", voucher)}
        assert saves <= history, f"an acknowledged save of voucher {voucher} is in no history (seed {seed})"
