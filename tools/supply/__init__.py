"""Supply chain checks: known vulnerabilities, licences, the bill of materials, secrets in files."""
