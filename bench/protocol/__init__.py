"""The frozen protocol, the reference photos, and the training sample."""
