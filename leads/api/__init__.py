"""Leads for other software."""
