"""What an object's first bytes show: file type, dimensions and triage."""
