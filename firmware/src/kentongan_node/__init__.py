"""Device code: pure cores of five roles, and the thin shell around them that does their IO."""
