"""Share what every request needs: the hub itself, and the boards that it shows live."""
