"""Makes the tests' processes collect garbage less often, which took a twentieth of the suite's time."""

SELDOM = (100_000, 20, 20)  # what `gc.set_threshold` is given
SOURCE = f"import gc\n\ngc.set_threshold{SELDOM}\n"  # for the processes that tests start
