# SPDX-License-Identifier: MIT
"""Tests that run side by side share what they fetch: one at a time prepares it."""
import contextlib
import fcntl
import os


@contextlib.contextmanager
def held(folder):
    """Makes the folder, and waits until no other process is in a block like this for it."""
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/.lock", "w") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield
