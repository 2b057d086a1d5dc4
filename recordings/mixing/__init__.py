"""One film of a whole recording, made in a process of its own: `python -m recordings.mixing`.

The only place of the house that decodes what browsers sent. It has no Django, no database, no key and no file: what it
reads and writes are bytes that its parent (recordings.exporting) opens and seals, over two pipes.
"""
