"""The hub's work by itself: dispatch, warnings, retention, backups, mending, coming back."""
