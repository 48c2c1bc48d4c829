"""Tally XML in: bytes to records, records to a plan of saves. Nothing here writes anything.

`reader.read` turns files into parsed records and into what is wrong with each file; `importer.plan` turns those into
planned saves, skipped records and findings. `decode` and `envelope` know how Tally writes XML, `values` how it writes
numbers and dates and that its debit is negative, `masters`, `stock_masters`, `vouchers`, `entries` and `stock_lines`
what its fields mean; `names`, `plan_masters` and `plan_vouchers` know khata's documents.

What is kept. Of masters: names, aliases, parents, Tally's reserved name; of ledgers opening balance and opening bills,
bill-wise and cost-centre flags, currency, GST registration and rates, bank account, address, contact, PAN, credit terms
and tax head; of items units, opening stock by godown and batch, HSN and GST rates, costing; of voucher types base type
and number series. Of vouchers: type, dates, number, reference, narration, party, place of supply, GSTINs, view,
optional, post-dated and cancelled; ledger lines with bills, cost centres, bank instruments, foreign figure and rate;
stock lines with godown, destination, batch, order and tracking number, actual and billed quantity, rate, discount.
Attendance, payroll and e-way bill lists and the numbers of the tax portal are kept as they stand, in `extra`, without
being understood.

What is dropped, knowingly. Closing balances and every other figure Tally computes. ALTERID, MASTERID and the keys made
from dates: they say when Tally touched a record, not what it holds. GST worked out per line (assessable values, rate
details, overridden natures), excise, VAT, TDS and service tax details, interest, budgets, scenarios, price lists, cost
tracking, audit flags, user-defined fields, printing options. Of the company, GUID, name and State are kept beside the
details of khata's own company, which is not Tally's. Of several dated registrations, addresses and bank accounts the
latest counts. Units joined in one quantity ("2 Box 3 Nos") keep their first part, and the plan says so.

What is kept goes out again as it came (`khata.export.tally`), and reading that gives the same registers.

A record that disappears from an export is never taken for a deletion, and nothing brings a cancelled voucher back.
"""
