"""What runs in the container, and the plain data that everything shares with it: addresses, records, stores.

Standard library only; nothing here imports the compiler or a target. The contract with engines is docs/shim.md.
"""
