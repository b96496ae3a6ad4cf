"""A role's code as one small file: parsed, joined, shortened, without what its board never calls."""
