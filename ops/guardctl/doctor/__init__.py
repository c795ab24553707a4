"""guardctl doctor: checks of a deployed stack, a file for each group."""
