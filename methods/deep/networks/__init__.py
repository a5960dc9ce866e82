"""The networks as torch modules; apart from the methods, because importing torch takes seconds."""
