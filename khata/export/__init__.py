"""The books for other programs: journals that prove them, workbooks that people read, files that Tally imports.

Each module writes one form to a binary stream that it is given, row by row, out of a books' snapshot; `out_file` is the
one place that makes files. What is written is the same on every copy that holds the same commits.
"""
