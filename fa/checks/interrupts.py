"""Ctrl-C ends a program in one line that says how to go on, and nothing else."""

import atexit
import logging
import signal
import sys
from types import FrameType, TracebackType

RESUMES = "Stopped. What is finished is kept: the same command goes on from there."
"""What that line says of the workflow."""


def end_in_a_line(line: str) -> None:
    """Let Ctrl-C end this process with a line on standard error as its last.

    What its loggers would say of the jobs that are cut short with it, and the traceback, are left
    out; what the process does on KeyboardInterrupt, it does as before.
    """

    def interrupted(number: int, frame: FrameType | None) -> None:
        logging.disable()
        atexit.unregister(say)
        atexit.register(say)
        raise KeyboardInterrupt

    def say() -> None:
        print(f"\n{line}", file=sys.stderr, flush=True)

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)

    signal.signal(signal.SIGINT, interrupted)
    sys.excepthook = hook
