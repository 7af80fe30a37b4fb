"""Reads the content folder and says everything that is wrong with it, with file and line."""
