"""A Graph API for one Page, as its documents describe it."""
