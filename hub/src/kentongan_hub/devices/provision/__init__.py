"""Sites, device files and gateway files: the only code that reads the site key."""

from kentongan_hub.devices.provision.device_files import add_device, modem_file
from kentongan_hub.devices.provision.gateways import add_gateway, gateway_file, gateway_token
from kentongan_hub.devices.provision.sites import create_site
from kentongan_hub.devices.trust.directory import directory

__all__ = [
    "add_device",
    "add_gateway",
    "create_site",
    "directory",
    "gateway_file",
    "gateway_token",
    "modem_file",
]
