"""The operator's commands. They call AWS with the operator's own credentials, and are not deployed."""
