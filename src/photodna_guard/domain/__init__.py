"""Values and errors of the domain: frozen, no I/O."""
