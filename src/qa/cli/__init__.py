"""The command `qa`: all that the package does, for a shell.

    commands          ask, chat, ingest, remove, status, verify
    config            qa config: the settings in force, and logins
    evals             qa eval: run suites, compare runs, write reports
    options           the options that several commands have
    output            printing of answers, reports and progress
    terminal          output streams on which no document can steer the terminal

Exit codes: 0 good, 1 a `QAError` (one line, no traceback), 2 usage, 3 an evaluation gate not met,
130 stopped by Ctrl+C, 143 by SIGTERM.
"""

import io
import logging
import os
import signal
import sys

from qa.cli.commands import app
from qa.cli.output import STOPPED_EXIT, TERMINATED_EXIT
from qa.cli.terminal import guard
from qa.errors import QAError


def main() -> None:
    """Run the command line; the exit codes are in the module's docstring."""
    from qa.settings import unused_variables

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a character gets a question mark
    os.umask(0o077)  # what is written here has the documents' words in it
    guard()
    logging.basicConfig(format="qa: %(message)s")
    log = logging.getLogger("qa")
    log.setLevel(logging.INFO)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED_EXIT))  # so that what is temporary goes
    try:
        for warning in unused_variables(every=sys.argv[1:2] == ["config"]):
            log.warning(warning)
        app()
    except QAError as error:
        print(f"qa: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(STOPPED_EXIT)
    except BrokenPipeError:  # the reader, such as `head`, has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
