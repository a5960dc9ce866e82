"""The plan of a run: the request, its cells and their keys."""
