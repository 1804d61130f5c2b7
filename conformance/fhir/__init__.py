"""What tools of others say of the FHIR interface."""
