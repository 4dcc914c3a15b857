"""What changes leads in bulk: batches, their undo, disputes."""
