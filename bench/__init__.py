"""From one command to a table: the command line, the protocol, the metrics, the plan, the runner."""

from platformdirs import user_cache_path

from ..files import use_writable_caches

use_writable_caches(user_cache_path("huebench", appauthor=False))  # before Numba or Matplotlib is imported
