"""One AWS service each, behind the words of this application."""
