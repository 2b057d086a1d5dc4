"""The database's own refusal of overlapping spans, in SQL per engine. The mechanism that installs it is core.guards."""

from core.guards import Guard, declare

NO_OVERLAP = "scheduling_no_overlap"
TABLE = "scheduling_occupiedspan"

# SQLite has no exclusion constraints; a trigger is as good there, because it has one writer at a time.
_OVERLAPS = f"""WHEN EXISTS (
    SELECT 1 FROM {TABLE}
    WHERE actor_id = NEW.actor_id AND starts_at < NEW.ends_at AND ends_at > NEW.starts_at AND id IS NOT NEW.id
)
BEGIN SELECT RAISE(ABORT, '{NO_OVERLAP}'); END"""  # noqa: S608  both names are our own

declare(
    Guard(
        name=NO_OVERLAP,
        table=TABLE,
        # The actor as a range of one: gist compares ranges by itself, plain numbers only with an extension.
        postgresql=[
            f"""ALTER TABLE {TABLE} ADD CONSTRAINT {NO_OVERLAP} EXCLUDE USING gist (
    int8range(actor_id, actor_id, '[]') WITH &&,
    tstzrange(starts_at, ends_at, '[)') WITH &&
)"""
        ],
        sqlite=[
            f"CREATE TRIGGER {NO_OVERLAP}_insert BEFORE INSERT ON {TABLE}\n{_OVERLAPS}",
            f"CREATE TRIGGER {NO_OVERLAP}_update BEFORE UPDATE ON {TABLE}\n{_OVERLAPS}",
        ],
    )
)
