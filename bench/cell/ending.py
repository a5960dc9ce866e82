"""How a cell's processes end."""

import os
import signal
import sys
from contextlib import suppress
from typing import NoReturn


def end_alike(status: int) -> NoReturn:
    """End this process as another one ended, given that one's status from `os.waitpid`.

    A method's threads and exit handlers are not run.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.WEXITSTATUS(status))


def end_descendants() -> None:
    """Kill all descendants of this process, including those that left its group or session."""
    with suppress(ChildProcessError):  # none is left
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
        import psutil

        while True:
            for process in psutil.Process().children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            os.waitpid(-1, 0)
