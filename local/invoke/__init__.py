"""Runs the functions as `sam build` packs them, in containers, with the sample events of events/."""
