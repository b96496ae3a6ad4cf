"""The pages for people: their frame, views, pictures, exports."""
