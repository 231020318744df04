"""Costs of flowc, as ratios to something timed side by side: `make bench`.

Machines are noisy, so no test asserts a number from here.
"""
