"""What the hub does by itself: dispatch, warnings, retention, backups, mending, coming back."""
