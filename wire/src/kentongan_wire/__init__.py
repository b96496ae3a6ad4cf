"""The contract on the air: every byte that devices, gateway and modem exchange."""

__version__ = "0.3.0"
