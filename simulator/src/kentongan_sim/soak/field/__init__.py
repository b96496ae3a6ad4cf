"""The campaign of field faults: what breaks beside an alarm, over devices, gateway and hub."""
