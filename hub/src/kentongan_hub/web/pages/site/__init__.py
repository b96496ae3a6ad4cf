"""Pages of the site: devices, trust, channels, policies, storage, settings."""
