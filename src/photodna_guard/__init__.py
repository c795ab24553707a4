"""photodna-guard as it is deployed. scanning/scanner.py shows the way of an upload."""

__version__ = "0.1.0"
