"""The demo: uploads pictures to the embedded cloud, shows each verdict, and checks what became of each."""
