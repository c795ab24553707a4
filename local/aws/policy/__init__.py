"""IAM in the embedded AWS: evaluates policies, and knows which permissions each API call requires."""
