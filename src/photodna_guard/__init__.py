"""photodna-guard: what is deployed. The way of an upload is told in scanner.py."""

__version__ = "0.1.0"
