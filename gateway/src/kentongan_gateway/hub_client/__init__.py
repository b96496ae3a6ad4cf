"""The way to the hub: events out, orders in, results back."""
