"""What people see: the pages' frame, views, pictures, exports, live updates."""
