"""moto in a process of its own, corrected where it differs from AWS: one module for each service."""
