"""Files that go in and out as CSV: what a table must look like, and how cells are written. No database."""
