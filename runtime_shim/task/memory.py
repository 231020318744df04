"""The most memory that this process has used, for a task's record.

It is read from the kernel's account of the process. `resource.getrusage` costs an import, and counts what the process
that started this one had used.
"""

from __future__ import annotations


def peak() -> int:
    """Returns the most memory that this process has used, in whole MiB; 0 if the system does not tell."""
    try:
        with open("/proc/self/status", "rb") as file:
            text = file.read()
    except OSError:
        return 0
    kibibytes = text.partition(b"VmHWM:")[2].split(b"\n", 1)[0].split()
    return -(-int(kibibytes[0]) // 1024) if kibibytes else 0
