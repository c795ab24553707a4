"""The demo uploads pictures to the embedded cloud, shows each verdict, and verifies each object."""
