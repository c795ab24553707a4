"""Figures of the sources and the documents: sizes, comments, docstrings, words, and the depth of the call stack."""
