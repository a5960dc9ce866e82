"""What a run is to do: the request, its cells and their keys."""
