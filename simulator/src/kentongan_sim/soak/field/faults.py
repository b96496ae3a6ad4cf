"""All faults of this campaign."""

from kentongan_sim.soak.field.on_devices import DEVICES
from kentongan_sim.soak.field.on_gateway import GATEWAY
from kentongan_sim.soak.field.on_hub import HUB

PARTS = (("device", DEVICES), ("gateway", GATEWAY), ("hub", HUB))
FAULTS = tuple(fault._replace(part=part) for part, faults in PARTS for fault in faults)
