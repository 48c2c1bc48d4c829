"""The oracle: says whether a run was right, and never asks the code that it watches for its opinion.

It reads the stores of devices and relays from their files, decodes them by docs/protocol.md, and works out anew who may
have what and what the books have to say. It imports nothing of the rooms below, so a mistake that is made there is not
made here as well. What it leaves out is said where it would have been decided (`periods`).
"""

from simulations.oracle.looking import Looked
from simulations.oracle.reading import Claim
from simulations.oracle.watching import Oracle

__all__ = ["Claim", "Looked", "Oracle"]
