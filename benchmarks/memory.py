"""Peak memory: of this process, and of a server's processes."""

from __future__ import annotations

import contextlib
import re
import resource
import sys
import threading
from pathlib import Path

__all__ = ["ServerMemory", "peak_mb"]

_EVERY_SECONDS = 0.25


def peak_mb() -> float:
    """Return the most memory that this process has held, MB.

    Notes
    -----
    Linux counts the parent's memory into ``ru_maxrss`` of a process that it starts; ``VmHWM`` begins anew.
    """
    with contextlib.suppress(OSError):
        found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
        if found:
            return int(found[1]) * 1024 / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


class ServerMemory:
    """Watches how much memory a process and its children hold together; what they share counts once.

    Parameters
    ----------
    pid
        The server's first process; where there is no ``/proc`` nothing is seen.
    """

    def __init__(self, pid: int | None) -> None:
        self._pid, self._peak_kb, self._ended = pid, 0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> float:
        """Stop watching, and return the peak, MB."""
        self._ended.set()
        self._thread.join()
        return self._peak_kb * 1024 / 1e6

    def _watch(self) -> None:
        while not self._ended.wait(_EVERY_SECONDS):
            pids = [self._pid, *_children(self._pid)] if self._pid is not None else []
            self._peak_kb = max(self._peak_kb, sum(map(_share_kb, pids)))


def _children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _share_kb(pid: int) -> int:
    with contextlib.suppress(OSError):
        found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
        return int(found[1]) if found else 0
    return 0
