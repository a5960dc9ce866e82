"""The metrics of the protocol, each registered with its direction, unit and source."""
