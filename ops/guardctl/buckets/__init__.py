"""guardctl bucket: the guard in front of buckets that exist already, a file for each step."""
