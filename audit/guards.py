"""The database's own refusal to change, delete or empty the audit events, on both engines."""

from core.guards import Guard, declare

TABLE = "audit_auditevent"
REFUSAL = "audit events are append-only"

declare(
    Guard(
        name="audit_append_only",
        table=TABLE,
        postgresql=[
            f"""CREATE OR REPLACE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation';
END $$""",
            f"""CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON {TABLE}
FOR EACH ROW EXECUTE FUNCTION audit_refuse_change()""",
            f"""CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON {TABLE}
FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change()""",
        ],
        sqlite=[
            f"""CREATE TRIGGER audit_no_update BEFORE UPDATE ON {TABLE}
BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",
            f"""CREATE TRIGGER audit_no_delete BEFORE DELETE ON {TABLE}
BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",
            # INSERT OR REPLACE deletes the row in its way without firing the DELETE trigger.
            f"""CREATE TRIGGER audit_no_replace BEFORE INSERT ON {TABLE}
WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE id = NEW.id OR uuid = NEW.uuid)
BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",  # noqa: S608
            f"""CREATE TRIGGER audit_no_repeat BEFORE INSERT ON {TABLE}
WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE once_key = NEW.once_key)
BEGIN SELECT RAISE(IGNORE); END""",  # noqa: S608
        ],
    )
)
