"""How a guard is declared: what it creates, and how a changed one is told from an old one."""

import pytest

from core import guards
from core.guards import Guard, declare


def a_guard(
    name: str = "test_guard", sqlite: str = "CREATE TRIGGER t_s BEFORE UPDATE ON x BEGIN SELECT 1; END"
) -> Guard:
    return Guard(
        name=name,
        table="x",
        postgresql=[
            "CREATE OR REPLACE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
            "CREATE TRIGGER t_p BEFORE UPDATE ON x FOR EACH ROW EXECUTE FUNCTION f()",
            "ALTER TABLE x ADD CONSTRAINT c_p EXCLUDE USING gist (a WITH =)",
        ],
        sqlite=[sqlite],
    )


def test_guard_objects_are_its_triggers_and_constraints() -> None:
    assert a_guard().objects("postgresql") == {"t_p": "trigger", "c_p": "constraint"}
    assert a_guard().objects("sqlite") == {"t_s": "trigger"}


def test_guard_with_other_sql_has_another_fingerprint() -> None:
    other = a_guard(sqlite="CREATE TRIGGER t_s BEFORE DELETE ON x BEGIN SELECT 1; END")
    assert a_guard().fingerprint("sqlite") != other.fingerprint("sqlite")
    assert a_guard().fingerprint("postgresql") == other.fingerprint("postgresql")


def test_guard_that_creates_nothing_on_an_engine_is_refused() -> None:
    with pytest.raises(ValueError, match="creates no trigger or constraint on sqlite"):
        declare(a_guard("nothing", sqlite="SELECT 1"))


def test_guard_declared_twice_in_two_forms_is_refused() -> None:
    declare(a_guard("twice"))
    try:
        declare(a_guard("twice"))
        with pytest.raises(ValueError, match="Two guards are called twice"):
            declare(a_guard("twice", sqlite="CREATE TRIGGER other BEFORE DELETE ON x BEGIN SELECT 1; END"))
    finally:
        guards._declared.pop("twice")
