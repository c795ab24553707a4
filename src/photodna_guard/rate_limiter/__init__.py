"""The rate that all functions share."""
