"""GST as these books know it: places of supply, rates, the split into heads, invoices, and what is owed.

`states` and `heads` are the words; `split` is the arithmetic; `supplies` reads a voucher as the supply it records;
`faults` says what is wrong with one; `invoice` makes the entries of one from what was sold. What is entered here is
checked; what was imported or entered elsewhere is only reported.
"""
