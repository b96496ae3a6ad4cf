"""Sites, device files and gateway files: the only code that reads the site key."""

from kentongan_hub.provision.devices import add_device, directory, modem_file
from kentongan_hub.provision.gateways import add_gateway, gateway_file, gateway_token
from kentongan_hub.provision.sites import create_site

__all__ = [
    "add_device",
    "add_gateway",
    "create_site",
    "directory",
    "gateway_file",
    "gateway_token",
    "modem_file",
]
