"""From a run to a model under ``models/``, and back to an earlier one."""
