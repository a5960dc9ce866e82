"""One cell of a run: its pipeline, its process and what it keeps."""
