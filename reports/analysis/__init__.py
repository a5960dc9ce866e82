"""Numbers worked out from a run; nothing here knows how they are shown."""
