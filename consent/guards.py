"""The database's own refusal to change, delete or empty consents and the texts they were given to, on both engines."""

from core.guards import Guard, declare

REFUSAL = "consents are append-only"


def _append_only(name: str, table: str, taken: str) -> Guard:
    """`taken` is the SQL that finds the row an INSERT OR REPLACE would delete without firing the DELETE trigger."""
    return Guard(
        name=name,
        table=table,
        postgresql=[
            f"""CREATE OR REPLACE FUNCTION {name}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation';
END $$""",
            f"""CREATE TRIGGER {name}_no_change BEFORE UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION {name}_refuse()""",
            f"""CREATE TRIGGER {name}_no_truncate BEFORE TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION {name}_refuse()""",
        ],
        sqlite=[
            f"CREATE TRIGGER {name}_no_update BEFORE UPDATE ON {table}\nBEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
            f"CREATE TRIGGER {name}_no_delete BEFORE DELETE ON {table}\nBEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
            f"""CREATE TRIGGER {name}_no_replace BEFORE INSERT ON {table}
WHEN EXISTS (SELECT 1 FROM {table} WHERE {taken})
BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",  # noqa: S608  all of it is our own
        ],
    )


declare(
    _append_only("consent_append_only", "consent_consent", "id = NEW.id OR uuid = NEW.uuid"),
    _append_only(
        "consent_text_append_only",
        "consent_consenttext",
        "id = NEW.id OR (purpose = NEW.purpose AND version = NEW.version AND language = NEW.language)",
    ),
)
