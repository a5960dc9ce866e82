"""What every deep method shares: batches in Lab on the device, the trainer, checkpoints, inference."""
