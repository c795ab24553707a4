"""What the project is made of, checked: vulnerabilities, licences, secrets, the bill of materials, the template."""
