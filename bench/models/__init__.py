"""Models as things: trained methods with all that is known about them, in folders of their own."""
