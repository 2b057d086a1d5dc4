"""`./run manage recording_keys create|show|rotate|backup|restore`: the operator's hand on a clinic's keys."""

import getpass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Organization
from recordings import keybackup, keystore
from recordings.selectors.assembly import erased_streams

ACTIONS = ("create", "show", "rotate", "backup", "restore")


class Command(BaseCommand):
    help = "Creates, shows, rotates, backs up and restores the keys of recordings (docs/recording.md, Keys)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=ACTIONS)
        parser.add_argument("path", nargs="?", type=Path, help="backup: a folder; restore: a backup")
        parser.add_argument("--clinic", help="its short name (slug), where there are several")
        parser.add_argument("--recipient", help="backup: the age recipient that can open it (age1...)")
        parser.add_argument("--identity", type=Path, help="restore: a file with that recipient's other half")

    def handle(self, *args: Any, **options: Any) -> None:
        clinic = self._clinic(options["clinic"])
        try:
            getattr(self, f"_{options['action']}")(clinic, options)
        except (keystore.KeystoreError, OSError) as error:
            raise CommandError(str(error)) from None

    def _clinic(self, slug: str | None) -> Organization:
        found = list(Organization.objects.filter(**({"slug": slug} if slug else {})).order_by("slug"))
        if len(found) == 1:
            return found[0]
        names = ", ".join(Organization.objects.order_by("slug").values_list("slug", flat=True)) or "none yet"
        raise CommandError(f"Which clinic? Name one by --clinic. There is: {names}.")

    def _create(self, clinic: Organization, options: dict[str, Any]) -> None:
        keystore.create_clinic_key(clinic.uuid)
        self._show(clinic, options)
        self.stdout.write("Back it up now: without it no recording can be opened, by anybody.")

    def _show(self, clinic: Organization, options: dict[str, Any]) -> None:
        found = keystore.status(clinic.uuid)
        self.stdout.write(f"Clinic:      {clinic.name}")
        self.stdout.write(f"Folder:      {keystore.folder_of(clinic.uuid)}")
        self.stdout.write(f"Public half: {found.recipient or 'none: this clinic cannot record (create makes one)'}")
        self.stdout.write(f"Keys:        {found.streams} of people, {found.macs} of recordings")
        self.stdout.write(f"Destroyed:   {found.destroyed}")
        if len(found.clinic_keys) > 1:
            self.stdout.write("A rotation was cut short. Everything opens; rotate again to finish it.")

    def _rotate(self, clinic: Organization, options: dict[str, Any]) -> None:
        keystore.rotate(clinic.uuid)
        self._show(clinic, options)
        self.stdout.write("Back up again: older backups hold the old key.")

    def _backup(self, clinic: Organization, options: dict[str, Any]) -> None:
        if options["path"] is None:
            raise CommandError("Name the folder for the backup.")
        recipient = options["recipient"] or ""
        passphrase = "" if recipient else self._new_passphrase()
        path = keybackup.backup(clinic.uuid, options["path"], recipient=recipient, passphrase=passphrase)
        days = settings.RECORDING_KEY_BACKUP_DAYS
        self.stdout.write(
            f"{path}\nBackups older than {days} days in this folder are gone. Copies elsewhere are yours."
        )

    def _restore(self, clinic: Organization, options: dict[str, Any]) -> None:
        if options["path"] is None:
            raise CommandError("Name the backup.")
        # What was erased since the backup was made must not come back with it.
        for stream in erased_streams(clinic):
            keystore.destroy(clinic.uuid, stream)
        identity = options["identity"].read_text() if options["identity"] else ""
        passphrase = "" if identity else getpass.getpass("Passphrase of the backup: ")
        restored = keybackup.restore(clinic.uuid, options["path"], identity=identity, passphrase=passphrase)
        self.stdout.write(f"{restored} keys came back.")
        self._show(clinic, options)

    def _new_passphrase(self) -> str:
        first = getpass.getpass("Passphrase for the backup (12 letters at least): ")
        if len(first) < 12:
            raise CommandError("That is too short.")
        if getpass.getpass("Once more: ") != first:
            raise CommandError("The two differ.")
        return first
