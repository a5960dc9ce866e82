"""The way from one command to a table: the command line, the protocol, the metrics, the plan, the runner."""
