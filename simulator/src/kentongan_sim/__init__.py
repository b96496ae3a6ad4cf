"""The village in a machine: air, clock, nodes, gateways, what may go wrong, and what must hold."""
