"""What each process of the launcher runs."""

print("training")
