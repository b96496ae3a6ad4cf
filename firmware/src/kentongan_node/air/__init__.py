"""Air: access to the channel, relaying, and the shares of the law's hour."""
