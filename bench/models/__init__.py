"""Exported models: trained methods with their facts in folders, and networks for other programs."""
