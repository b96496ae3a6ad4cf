"""What a CONFIG message carries: settings of a device as type-length-value items (wire-format 4)."""

PROFILES = ("jawa_umum", "polri", "tmmd", "bali")  # kentongan pattern profiles, by their number on the air
