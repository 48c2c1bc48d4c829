"""The report of a run: what happened, in words a shop owner understands, in pictures, and as one page of its own.

All of it is made from a `Story`. The libraries that draw are loaded where they are needed, so nobody else waits for
them.
"""
