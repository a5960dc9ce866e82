"""Training: the base class of trained methods, and the trainer, data, losses and weights that they share."""
