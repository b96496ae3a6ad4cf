"""kentongan-tool: what a technician does with boards, a laptop and a list of houses."""
