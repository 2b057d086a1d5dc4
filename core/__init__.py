"""What every room may use: errors, ids, clock, http, database guards, ui tags. No models, no domain word."""
