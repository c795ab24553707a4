"""The Match operation of the PhotoDNA Cloud Service."""
