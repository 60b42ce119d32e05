"""The verdicts of ``verify`` on many images, in the forms that people and CI systems read.

- ``verdict``: an image and the verdict on it
- ``fleet_text``: lines for people, and JSON
- ``junit``: JUnit's XML, for test reports
- ``sarif``: SARIF 2.1.0, for code scanning
"""
