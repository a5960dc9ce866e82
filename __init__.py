"""huebench: the benchmark toolkit for image colorization.

It hides the colour of real photographs, asks every registered method to give it back, scores the answers
under one frozen protocol, and writes tables and reports.
"""

__version__ = "0.1.0"


class UserError(Exception):
    """A mistake the user can mend: shown as one message and exit code 2, never as a traceback.

    The message says what was wrong, with which file or option, and what to do.
    """
