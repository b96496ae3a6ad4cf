"""What nobody decides: the air, chance, virtual time, who reaches whom."""
