"""guardctl: the command line of whoever operates a stack."""
