"""A Zalo Official Account that lives on this machine."""
