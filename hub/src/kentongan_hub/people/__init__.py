"""People: accounts, homes, residents, contacts, and who may know of what."""
