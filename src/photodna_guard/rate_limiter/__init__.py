"""The rate limiter that all functions share."""
