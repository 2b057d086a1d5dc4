"""Reading recordings: whoever asks gets what is theirs; the rest does not exist."""
