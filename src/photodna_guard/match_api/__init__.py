"""The PhotoDNA Cloud Service's Match operation: its client, its responses and its connections."""
