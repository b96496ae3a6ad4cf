"""Answers on the air to devices: receipts, stages, pages, copies for other gateways, the post's voice."""
