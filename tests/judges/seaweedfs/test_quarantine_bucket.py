"""tests/aws/test_quarantine_bucket.py against SeaweedFS, without the tests that make S3 fail."""

from tests.aws.test_quarantine_bucket import (  # noqa: F401
    test_compliance_lock_satisfies_governance,
    test_copy_has_no_header_of_the_uploader,
    test_copy_is_told_from_its_evidence,
    test_copy_is_written_locked_and_verified,
    test_copy_key_is_short_for_the_longest_upload,
    test_each_version_has_its_own_copy,
    test_evidence_is_stored_once_under_the_same_lock,
    test_existing_copy_is_used_and_its_lock_verified,
    test_extended_compliance_lock_stays_compliance,
    test_governance_lock_is_extended_in_its_mode,
    test_lock_is_never_shortened,
    test_lock_that_ends_too_soon_is_extended,
    test_test_match_is_locked_for_a_day_until_a_real_match,
)
