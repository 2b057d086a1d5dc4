"""What the clinic tells patients about appointments and the wait list: which kinds, when, and in which words.

planning.py keeps the outbox in line with the appointments; looks.py asks, right before a message goes, whether it is
still so; letters.py says how things are; kinds.py registers it all. How messages leave the house, notifications says.
"""
