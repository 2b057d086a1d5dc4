"""Taking a file out of a request. Everywhere else in the house files are refused (telehealth.uploads)."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile

from scheduling.files.tables import MOST_BYTES


class BoundedUpload(FileUploadHandler):
    """One file, in memory, as large as a table may be; of a larger one nothing is kept."""

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self.is_too_big = False
        self.pieces: list[bytes] = []
        self.size = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.size += len(raw_data)
        if self.size > MOST_BYTES:
            self.is_too_big = True
            self.pieces.clear()
            raise SkipFile
        self.pieces.append(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile | None:
        # The name that a file had on somebody's computer may be a patient's; it is not kept.
        return None if self.is_too_big else SimpleUploadedFile("table.csv", b"".join(self.pieces))
