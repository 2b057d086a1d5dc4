"""Pages of scheduling, by what they show."""
