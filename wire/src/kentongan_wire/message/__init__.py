"""The kentongan message: its bodies, what is around them, whether it is authentic, whether it is new."""
