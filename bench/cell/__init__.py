"""One cell of a run: its pipeline, its processes and the files that it keeps."""
