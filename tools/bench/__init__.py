"""Benchmarks: ratios within one run, each with a goal that can be missed. `make bench` runs all of them."""
