"""The pages, one blueprint per place people go."""
