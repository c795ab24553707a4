"""Values and errors of the domain: frozen, without I/O."""
