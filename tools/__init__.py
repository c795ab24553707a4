"""What only developers run: the supply chain's checks, other Pythons, benchmarks."""
