"""Pages of houses: coverage, lists that are taken in, houses that stand empty."""
