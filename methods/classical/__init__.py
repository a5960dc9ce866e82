"""Methods without a network: histogram matching, colour transfer, nearest neighbours."""
