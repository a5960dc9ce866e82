"""Web pages that commands serve."""
