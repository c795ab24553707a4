"""The whole rate and never more: measured on the embedded cloud, judged by the emulator's own sliding window."""
