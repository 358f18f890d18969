"""Coding of whole files: found, checked, coded in chunks, here or on Spark."""
