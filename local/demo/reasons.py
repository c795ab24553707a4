"""Says in a plain sentence what a status and its reason mean (pure). docs/results.md lists the reasons."""

_VERDICTS = {
    "CLEAN": "The service answered: no match.",
    "QUARANTINED": "The service answered: a match. Its copy is under lock, and its source is deleted.",
}
_SKIPPED = {
    "empty": "An empty object or a folder marker. There is nothing to look at.",
    "not-an-image": "Plain text, which was seen to its end. No viewer shows a picture of it.",
    "prefix-left-out": "An operator left this prefix unscanned (guardctl scope). Nobody reads it by default.",
    "trusted-writer": "An operator trusts who uploaded it (guardctl scope). Nobody reads it by default.",
    "document": "A document. Pictures within documents are not unpacked.",
    "video": "A video. The service compares still pictures only.",
    "audio": "Sound. There is nothing to look at.",
    "archive": "An archive. Archives are not unpacked.",
}
_UNSCANNABLE = {
    "unrecognised": "A file of no known type, which may still hold a picture.",
    "damaged": "The picture is cut off or broken. Viewers may show more or less of it than is seen here.",
    "document": "Text that holds a picture, with markup behind it. Browsers may show something else.",
    "content-type": "Its Content-Type makes browsers show a page or a document instead of the picture.",
    "content-encoding": "It has more Content-Encodings around it than are undone.",
    "format-raw": "A camera's raw file. Only its previews could be asked about.",
    "too-large": "The file is over 200 MB.",
    "too-many-pixels": "The picture has more pixels than are decoded.",
    "too-many-frames": "The animation has more frames than are decoded.",
    "too-complex": "Decoding took more memory or time than is allowed.",
    "too-small": "The picture is too small for the service, even enlarged.",
    "too-narrow": "The picture is too narrow for the service.",
    "customer-key": "It is encrypted with the uploader's own key (SSE-C), which the scanner does not have.",
    "kms-key": "It is encrypted with a KMS key that the scanner may not use.",
    "archived": "It is in an archive storage class, and has to be restored before it can be read.",
    "service-3206": "The service found no image in it.",
    "service-3002": "The service refused the request's parameters.",
    "service-3208": "The service refused the picture's size.",
    "service-3209": "The service refused the picture's size.",
}
_GONE = {
    "deleted": "It was deleted before it could be read.",
    "overwritten": "It was overwritten before it could be read.",
    "bucket deleted": "Its bucket was deleted before it could be read.",
}
_OPEN = {
    "": "There is no result: no function has claimed this upload yet.",
    "PENDING": "A function works on it, or died over it.",
    "DEFERRED": "It waits in a queue for its turn.",
    "MATCHED": "A match whose move into quarantine is not finished.",
}
_SENTENCES = {"SKIPPED": _SKIPPED, "UNSCANNABLE": _UNSCANNABLE, "GONE": _GONE}


def explain(status: str, reason: str) -> str:
    """Return the sentence of a result. `status` is "" where there is no result."""
    if status in _SENTENCES:
        return _SENTENCES[status].get(reason) or _explain_unlisted(reason)
    if reason == "known-hash":
        return "The same bytes are in quarantine already. The service was unavailable."
    if status == "FAILED":
        return "Every attempt failed. Its message is in the dead-letter queue."
    return _VERDICTS.get(status) or _OPEN.get(status) or "This status is unknown, so the upload counts as open."


def _explain_unlisted(reason: str) -> str:
    if reason.startswith("format-"):
        return f"No decoder here shows {reason.removeprefix('format-').upper()} as browsers do."
    return "This reason has no explanation here; docs/results.md may have one."
