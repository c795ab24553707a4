"""The Lambda functions' entry points: parse the event, call the application, return its answer."""
