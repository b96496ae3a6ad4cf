"""The command line and other programs: numbers typed, progress said, processes started, files followed."""
