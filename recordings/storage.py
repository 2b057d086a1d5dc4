"""Sealed blocks on a file system: whole or absent, and for their owner only. STORAGES may name S3 in its place."""

import os
from pathlib import Path

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage
from django.utils.deconstruct import deconstructible

from recordings import durable


@deconstructible
class SealedFileSystemStorage(FileSystemStorage):
    """Django's storage, but a block is never seen half written, and a folder can be made to outlive a power cut."""

    def _save(self, name: str, content: File) -> str:
        path = Path(self.path(name))
        durable.make_folder(path.parent)
        durable.put(path, content.read())
        return name

    def url(self, name: str | None) -> str:
        raise ValueError("Sealed files have no address.")

    def settle(self, folder: str) -> None:
        """Sync every file of a folder, and the names above it. One pass at the end costs less than one per block."""
        path = Path(self.path(folder))
        for file in path.iterdir():
            durable.sync(file)
        durable.sync(path)
        durable.sync(path.parent)

    def remove_folder(self, folder: str) -> None:
        """Remove a folder of files, and what a killed writer left half made in it."""
        path = Path(self.path(folder))
        if not path.is_dir():
            return
        for file in path.iterdir():
            file.unlink(missing_ok=True)
        path.rmdir()
        durable.sync(path.parent)
        if not os.listdir(path.parent) and path.parent != Path(self.location):
            path.parent.rmdir()
