"""`huebench-small`."""
