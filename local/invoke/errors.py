"""The errors that stop a command before it has a result. Their messages are printed for its user."""


class CannotRunError(Exception):
    """The machine lacks a prerequisite, or an argument is wrong. The message says which, and what to do."""


class SamCliError(Exception):
    """SAM CLI failed. The message holds the last lines of its output."""


class SampleEventError(Exception):
    """The file is not one of events/, or does not fit its entry in cases.py."""
