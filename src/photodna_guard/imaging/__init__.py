"""What the first bytes of an object say of it."""
