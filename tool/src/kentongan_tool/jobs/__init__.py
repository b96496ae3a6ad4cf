"""Work at the table: a blank board made a device, many of them, gateway radios, surveys, labels."""
