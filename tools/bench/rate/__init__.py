"""Measure on the embedded AWS that the whole rate is used and never exceeded, by the emulator's sliding window."""
