"""The Metrics page: every figure from a report, drawn and explained."""
