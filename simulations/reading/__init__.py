"""Scenarios as files: read from TOML, with every mistake told by its line, and written again.

First the shape of a file is looked at (`shape`), then whether what it says makes sense (`sense`, `deed_sense`).
"""
