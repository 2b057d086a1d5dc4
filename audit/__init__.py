"""Who saw or did what. Append-only; names its actor by type, id and label, so it depends on nothing above core."""
