"""The draft of a CyberTipline report: the fields that NCMEC's Reporting API asks for. Pure.

Names and order are those of the API's documentation (Appendix B, `report`; Appendix C, `fileDetails`). What nobody but
a person can say is TO BE FILLED; what is optional and unknown is null.
"""

from collections.abc import Iterator, Mapping
from typing import Any

TO_BE_FILLED = "TO BE FILLED"
INCIDENT_TYPE = "Child Pornography (possession, manufacture, and distribution)"
_NOTES = (
    "This is a draft. guardctl sends nothing to NCMEC.",
    "The IP address and the principal are those of the request to S3. Where your own server uploads for your users "
    "they are your server's, and no user's: take the user's from your own records.",
    "fileViewedByEsp and exifViewedByEsp state whether a person of yours looked at the whole file. No program knows.",
    "incidentType is what the service's match suggests. Whoever reports decides.",
)


def draft_report(item: Mapping[str, Any], hashes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the draft of a match's report. `hashes`: what is known of the file's hashes, by their kind."""
    body = {"report": _report(item), "fileDetails": _file_details(item, hashes)}
    return {"status": "draft", "notes": list(_NOTES), "to_be_filled": sorted(find_open_fields(body)), **body}


def find_open_fields(value: object, path: str = "") -> Iterator[str]:
    """Yield the paths of the fields that a person has to fill."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from find_open_fields(inner, f"{path}/{name}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from find_open_fields(inner, f"{path}/{number}")
    elif value == TO_BE_FILLED:
        yield path


def _report(item: Mapping[str, Any]) -> dict[str, Any]:
    is_known = "event_time" in _source(item)
    described = "time of the upload, from S3's event" if is_known else "time at which the upload's event was received"
    return {
        "incidentSummary": {
            "incidentType": INCIDENT_TYPE,
            "platform": None,
            "escalateToHighPriority": None,
            "reportAnnotations": None,
            "incidentDateTime": _uploaded_at(item),
            "incidentDateTimeDescription": described,
        },
        "internetDetails": [
            {"webPageIncident": {"url": TO_BE_FILLED, "additionalInfo": None, "thirdPartyHostedContent": None}}
        ],
        "lawEnforcement": None,
        "reporter": {
            "reportingPerson": {
                "firstName": TO_BE_FILLED,
                "lastName": TO_BE_FILLED,
                "phone": None,
                "email": TO_BE_FILLED,
                "address": None,
            },
            "contactPerson": None,
            "companyTemplate": None,
            "termsOfService": None,
            "legalURL": None,
        },
        "personOrUserReported": _reported_user(item),
        "intendedRecipient": None,
        "victim": None,
        "additionalInfo": _describe_match(item),
    }


def _reported_user(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "personOrUserReportedPerson": None,
        "vehicleDescription": None,
        "espIdentifier": TO_BE_FILLED,
        "espService": TO_BE_FILLED,
        "compromisedAccount": None,
        "screenName": TO_BE_FILLED,
        "displayName": None,
        "profileUrl": None,
        "profileBio": None,
        "ipCaptureEvent": [_ip_capture(item)],
        "deviceId": None,
        "thirdPartyUserReported": None,
        "priorCTReports": None,
        "groupIdentifier": None,
        "accountTemporarilyDisabled": None,
        "accountPermanentlyDisabled": None,
        "estimatedLocation": None,
        "additionalInfo": f"S3's principal of the upload: {_source(item).get('principal') or 'unknown'}",
    }


def _file_details(item: Mapping[str, Any], hashes: Mapping[str, Any]) -> dict[str, Any]:
    kinds = {"MD5": "md5", "SHA1": "sha1", "SHA256": "sha256"}
    return {
        "reportId": None,
        "fileId": None,
        "originalFileName": str(item["upload"]).rpartition("/")[2],
        "uploadedToEspTimestamp": _uploaded_at(item),
        "locationOfFile": TO_BE_FILLED,
        "fileViewedByEsp": TO_BE_FILLED,
        "exifViewedByEsp": TO_BE_FILLED,
        "publiclyAvailable": TO_BE_FILLED,
        "fileRelevance": "Reported",
        "fileAnnotations": None,
        "industryClassification": TO_BE_FILLED,
        "originalFileHash": [
            {"hashType": kind, "value": hashes[name]} for kind, name in kinds.items() if hashes.get(name)
        ],
        "ipCaptureEvent": _ip_capture(item),
        "deviceId": None,
        "details": None,
        "additionalInfo": _describe_match(item),
    }


def _ip_capture(item: Mapping[str, Any]) -> dict[str, Any]:
    address = _source(item).get("source_ip")
    return {
        "ipAddress": address or TO_BE_FILLED,
        "eventName": "Upload",
        "dateTime": _uploaded_at(item),
        "possibleProxy": None,
        "port": None,
    }


def _describe_match(item: Mapping[str, Any]) -> str:
    found = "; ".join(_describe_source(match) for match in item["matches"])
    tracking = item.get("tracking_id") or "none"
    return f"Microsoft PhotoDNA Cloud Service, Match operation. Matches: {found}. Tracking id: {tracking}."


def _describe_source(match: Mapping[str, Any]) -> str:
    violations = ", ".join(match.get("violations") or ()) or "none stated"
    distance = "none stated" if match.get("distance") is None else int(match["distance"])
    return f"source {match['source']}, violations {violations}, match id {match.get('match_id')}, distance {distance}"


def _source(item: Mapping[str, Any]) -> Mapping[str, Any]:
    return item.get("source", {})  # type: ignore[no-any-return]


def _uploaded_at(item: Mapping[str, Any]) -> str:
    return str(_source(item).get("event_time") or item["received_at"])
