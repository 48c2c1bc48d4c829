"""Tally XML in: bytes to records, records to a plan of saves.

`reader.read` turns files into parsed records and what is wrong with them, `importer.plan` turns those into planned
saves. Neither writes anything.
"""
