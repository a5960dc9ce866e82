"""The command line: ``bench``, with one module per command."""

from .main import app as app
from .main import main as main
