"""The operator's commands. They speak to AWS with the operator's own credentials and are not deployed."""
