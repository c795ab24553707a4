"""Adapters: one AWS service or resource each, translated into the domain's values and errors."""
