"""Variants of a drawn picture: as platforms receive pictures, and as those who hide one would store it."""
