"""The command line: ``bench run | score | report | compare | study | list | check | speed | datasets``."""

from .main import app as app
from .main import main as main
