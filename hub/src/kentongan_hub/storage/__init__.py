"""The database on disk: its tables, their migrations, and a copy of what must not be lost."""
