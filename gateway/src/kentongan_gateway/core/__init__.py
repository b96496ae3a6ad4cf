"""Every decision of the gateway, pure: what happened and the time in, actions out."""
