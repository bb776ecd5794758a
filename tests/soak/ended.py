"""How one run of kdwalk over a file ended, and what it took."""

import os
import subprocess
import tempfile
import threading

from runs import kd

RUN_S = 300   # far above what any run takes, with sanitizers and many others beside it
CPU_S = 60    # the same, of the processor's time
CRASHED = 99  # of the sanitizers, whose own exit status is one of kdwalk's
FOUND = 3     # of check alone: something failed
ENVIRONMENT = {**os.environ, **{name: f"{os.environ.get(name, '')}:exitcode={CRASHED}"
                                for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS")}}


class Ended:
    """Its status, its output, the most memory it had, and the processor's time."""

    def __init__(self, arguments):
        self.statuses = (0, 1, 2, FOUND) if arguments[0] == "check" else (0, 1, 2)
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = subprocess.Popen([kd.BIN / "kdwalk", *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=out,
                                       stderr=err, env=ENVIRONMENT)
            patience = threading.Timer(RUN_S, process.kill)
            patience.start()
            _, status, used = os.wait4(process.pid, 0)
            self.is_hang = not patience.is_alive()
            patience.cancel()
            self.status = process.returncode = os.waitstatus_to_exitcode(status)
            self.kib = used.ru_maxrss
            self.cpu_s = used.ru_utime + used.ru_stime
            self.out, self.err = (self.text(f) for f in (out, err))

    @staticmethod
    def text(file):
        file.seek(0)
        return file.read().decode(errors="replace")

    def blame(self, run, name, most_kib, most_cpu_s=CPU_S):
        """What is wrong with how any run may end, whatever is wrong with its file."""
        if self.is_hang:
            run.blame("hang", name)
        elif self.status not in self.statuses:
            run.blame(f"{name}: status {self.status}", self.err[-2000:])
        elif self.kib > most_kib:
            run.blame(f"{name}: {self.kib} KiB of memory", f"at most {most_kib} KiB are wanted")
        elif self.cpu_s > most_cpu_s:
            run.blame(f"{name}: {self.cpu_s:.1f} s of the processor's time", self.err)
        elif self.status == 2 and self.err.count("error:") != 1:
            run.blame(f"{name}: not one error", self.err)
