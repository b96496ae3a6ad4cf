"""Pages of people: entry, invitations, access, residents, contacts."""
