"""``python -m huebench.bench``: the same as ``bench``."""

from .cli import main

if __name__ == "__main__":
    main()
