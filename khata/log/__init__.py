"""The edit log: every save of every document, who made it, when and where, and what it changed.

It is not written beside the books: it is read from the saves themselves, which are all there is, and so can neither be
switched off nor miss one.
"""
