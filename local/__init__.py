"""What runs the application on one machine: the embedded cloud, the Match emulator and the demo."""
