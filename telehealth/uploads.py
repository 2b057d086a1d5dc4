"""Files in requests: refused, unless a view has put a handler of its own in the place of this one."""

from django.core.exceptions import TooManyFilesSent
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler


class NoUploads(FileUploadHandler):
    """The first byte of any file ends the request with 400."""

    def new_file(self, *args: object, **kwargs: object) -> None:
        raise TooManyFilesSent("Files are not taken here.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        raise TooManyFilesSent("Files are not taken here.")

    def file_complete(self, file_size: int) -> UploadedFile | None:
        return None
