"""What machines call: gateways, the technician's tool, and its description."""
