"""Incidents, escalation and one clear screen for one RT or RW."""


def create_app(data_dir, **options):
    """The Flask application over `data_dir`; see app.create_app. Provisioning needs no Flask."""
    from kentongan_hub.app import create_app as create

    return create(data_dir, **options)
