"""What the bytes of a file say of themselves: its kind, when and where a picture was taken."""
