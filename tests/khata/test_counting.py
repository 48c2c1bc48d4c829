"""What is counted stands in the books of the branch that took the goods out, and nowhere else."""

import pytest

from khata.entering_masters import add_master
from khata.errors import BooksError
from khata.limit_problems import NEGATIVE_STOCK, check_concerned
from khata.problems import find_problems
from tests.khata.company import a_branch, a_company, ledger, sync
from tests.khata.stock import moved


def test_a_branch_that_took_nothing_out_counts_nothing():
    office = a_company()
    ledger(office, "Asha")
    ledger(office, "Sales", "Sales Accounts")
    add_master(office, "stock-item", "Soap", {"opening": [{"quantity": "10", "value": "100.00"}]})
    pune = a_branch(office, "Pune")
    moved(office, "Sales", "Soap -15 = 200")
    sync(office, pune)
    (problem,) = [problem for problem in find_problems(pune) if problem.code == NEGATIVE_STOCK]
    assert problem.choices[0].words.endswith(", at Head Office")
    with pytest.raises(BooksError, match="taken out at Head Office, and this device is of Pune"):
        check_concerned(pune, problem)
    check_concerned(office, problem)
