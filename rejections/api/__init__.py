"""Rejections and batches for other software."""
