"""The night watch (ronda): its roster, its turns as they were kept, its rounds and the attendance."""
