"""The API for machines: gateways, the technician's tool, and its description."""
