"""From the parts of one stream to playable files. Rows and claims are in recordings/services, blocks in sealed.py."""
