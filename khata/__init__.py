"""What a person uses: the books of one branch, kept in tables, with reports, Tally import and the command line.

Everything that is entered goes through `books.Books`, becomes saves of documents in commits, and is projected into
ordinary SQL tables (`tables`, `projection`) in the same transaction. Reports, problems and lists read those tables
alone, so two copies that hold the same commits show the same books, byte for byte.
"""
