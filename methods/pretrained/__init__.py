"""What published networks share: weights and their reading, layers, and the methods' base class."""
