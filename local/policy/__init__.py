"""IAM's policies in the embedded cloud: an evaluator, what each API call needs, and who may do it."""
