"""How seldom the tests' processes look for garbage: with Python's own 700 new objects, a twentieth of the suite's time went into it."""

SELDOM = (100_000, 20, 20)  # what `gc.set_threshold` is given
SOURCE = f"import gc\n\ngc.set_threshold{SELDOM}\n"  # for the processes that tests start
