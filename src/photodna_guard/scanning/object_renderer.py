"""From an object in the upload bucket to its renditions: download it to a file, and have it rendered."""

import threading
from pathlib import Path
from tempfile import NamedTemporaryFile

from photodna_guard.domain.errors import RetryableError, UnscannableError
from photodna_guard.domain.models import ObjectHead, Upload
from photodna_guard.domain.renditions import NotAPicture, RenditionSet
from photodna_guard.scanning.ports.imaging import Renderer
from photodna_guard.scanning.ports.storage import UploadBucket

# With what is decompressed from it, this fits into the 512 MB that a function has in /tmp.
MAX_OBJECT_BYTES = 200 * 1024 * 1024


class ObjectRenderer:
    """Renders one object at a time, whatever the batch: file and memory are bounded for one."""

    def __init__(self, upload_bucket: UploadBucket, renderer: Renderer) -> None:
        self._upload_bucket, self._renderer = upload_bucket, renderer
        self._one_at_a_time = threading.Lock()

    def render(self, upload: Upload, head: ObjectHead) -> RenditionSet | NotAPicture:
        """Return the object's renditions, or that it is no picture.

        Raises UnscannableError, ObjectGoneError, DeferrableError and RetryableError.
        """
        if head.size > MAX_OBJECT_BYTES:
            raise UnscannableError("too-large")
        with self._one_at_a_time, NamedTemporaryFile(prefix="photodna-guard-") as file:
            self._upload_bucket.download(upload, file.file)
            file.flush()
            file.seek(0)
            if file.read(len(head.head)) != head.head:
                raise RetryableError("two reads of the object differ")
            return self._renderer.render(Path(file.name), head.content_type, head.content_encoding)
