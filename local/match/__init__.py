"""An emulator of the interface of the PhotoDNA Cloud Service's Match operation. It is not PhotoDNA.

It compares pictures by ImageHash's pHash, an open perceptual hash. Its hash list holds the pictures that its
user adds.
"""
