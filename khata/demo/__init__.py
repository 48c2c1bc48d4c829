"""The demo: a head office and two branches part, clash and meet again, as real processes on this machine.

`stage.py` runs commands and shows them, `story.py` says what happens. Everything it claims it has checked.
"""
