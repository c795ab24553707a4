"""The functions' entry points: parse, call the scanner, answer."""
