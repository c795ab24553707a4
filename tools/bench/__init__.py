"""Benchmarks: ratios within one run, each of which can fail. `make bench` runs them all."""
