"""Whole sessions of the reference implementation: their scenarios, running, verifying and describing them."""
