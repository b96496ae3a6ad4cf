"""Physics of the village: the air, chance, virtual time, links between places."""
