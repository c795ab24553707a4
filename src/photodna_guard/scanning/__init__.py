"""The way of an upload from its event to its outcome."""
