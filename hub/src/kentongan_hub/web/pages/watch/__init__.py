"""Pages of the night watch: the post, its roster, the round by stickers, the attendance."""
