"""An emulator of the interface of the PhotoDNA Cloud Service's Match operation. It is not PhotoDNA.

Pictures are compared by ImageHash's pHash, an open perceptual hash, with a list of pictures that the tests
bring along.
"""
