"""Measure 300 uploads at once through `make up`, against a Match server that shares no code with the guard."""
