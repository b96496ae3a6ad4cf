"""Commands of the tool: their arguments, and what each does with them."""
