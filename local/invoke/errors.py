"""What keeps an invocation from being made, as the person at the keyboard is to be told."""


class CannotRunError(Exception):
    """This machine lacks something; the message says what, and what to do."""


class SamCliError(Exception):
    """SAM CLI ended with an error; the message holds the end of what it said."""


class SampleEventError(Exception):
    """The file is none of events/, or is no longer what its entry in cases.py says."""
