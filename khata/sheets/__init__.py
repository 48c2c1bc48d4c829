"""Vouchers out of CSV and Excel files: a mapping of columns that is shown before anything is written.

`table` reads a file into rows of plain cells, `columns` guesses which column is what, `dates` and `figures` read cells
as people in India write them, `vouchers` makes records of rows, and `planning` hands those to the same machinery that
plans Tally imports. So importing a file again changes nothing, and a changed file alters what changed.
"""
