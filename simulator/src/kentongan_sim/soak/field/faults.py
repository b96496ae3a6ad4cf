"""All faults of this campaign."""

from kentongan_sim.soak.field.on_devices import DEVICES
from kentongan_sim.soak.field.on_gateway import GATEWAY
from kentongan_sim.soak.field.on_hub import HUB

FAULTS = DEVICES + GATEWAY + HUB
