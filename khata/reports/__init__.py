"""Reports: values made from the tables, the same on every copy that holds the same commits.

Each module holds one report; all take a `Span` of dates and branches and give JSON that names what lies behind each
figure.
"""
