"""`huebench-small-hints`."""
