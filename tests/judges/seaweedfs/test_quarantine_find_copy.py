"""tests/aws/test_quarantine_find_copy.py against SeaweedFS, without the tests that make S3 fail."""

from tests.aws.test_quarantine_find_copy import (  # noqa: F401
    test_copy_is_found_by_its_upload,
    test_copy_of_a_version_id_with_dots_is_found,
    test_copy_on_a_later_page_is_found,
    test_evidence_has_the_legal_hold,
    test_evidence_record_is_not_found_as_copy,
    test_found_copy_gets_its_full_lock,
    test_legal_hold_is_set_with_the_copy_and_verified,
    test_missing_copy_is_not_found,
    test_no_legal_hold_is_set_by_default,
    test_none_of_several_copies_is_found,
    test_test_match_gets_no_legal_hold,
)
