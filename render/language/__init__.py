"""Dates, numbers and fixed words in the reader's language."""
