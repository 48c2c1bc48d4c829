"""How commits travel: who a device is, what it may read and write, where commits lie, and how two copies agree.

The middle floor. It stands on `crdt_models` and knows nothing of vouchers: it moves sealed commits, keeps them in one
SQLite file, merges those it can open into their documents, and calls whoever keeps tables above. `session` is the
conversation without any I/O, `replica` one copy, `node` the two of them at work on a network.
"""
