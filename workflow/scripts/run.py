"""``python -m snakemake``, but Ctrl-C ends it in one line from the first moment on.

The workflow itself does that, too, but is read only after Snakemake has imported all it needs,
which takes seconds. Run by ``make`` from the top folder, with Snakemake's arguments.
"""

import signal
import sys


def main() -> None:
    """Run Snakemake in this process."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # during the imports: an end without a traceback
    import runpy
    from pathlib import Path

    sys.path[0] = str(Path(__file__).resolve().parents[2])  # as with `python -m`
    from fa.checks.interrupts import RESUMES, end_in_a_line

    end_in_a_line(RESUMES)
    runpy.run_module("snakemake", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
