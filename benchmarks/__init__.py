"""What flowc costs, as ratios to something run side by side: `make bench`. Machines are noisy, so no number here is asserted by a test."""
