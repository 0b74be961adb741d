"""CPU seconds of the whole machine and of this process, to detect measurements disturbed by other processes."""
import os
import resource
import time


def machine_seconds():
    """Busy CPU seconds of all cores since boot; 0 if /proc is missing."""
    try:
        with open('/proc/stat') as stat:
            ticks = [int(n) for n in stat.readline().split()[1:9]]
    except OSError:
        return 0.0
    return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf('SC_CLK_TCK')


class Stopwatch:
    """Measures the wall time of a block in seconds, and the cores used by other processes meanwhile."""

    def __enter__(self):
        self._own, self._machine, self._start = time.process_time(), machine_seconds(), time.perf_counter()
        return self

    def __exit__(self, *_):
        self.seconds = time.perf_counter() - self._start
        own = time.process_time() - self._own
        self.others = max(0.0, (machine_seconds() - self._machine - own) / self.seconds)


def peak_mebibytes():
    """Peak resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
