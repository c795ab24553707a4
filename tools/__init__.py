"""Tools for developers only: supply chain checks, tests on other Pythons, benchmarks, figures of the code."""
