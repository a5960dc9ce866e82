"""``bench study``: people say which of two photos has its real colours, and answers are kept."""
