"""Decode the named picture formats and reduce what they show. Only the renderer's child process imports this."""
