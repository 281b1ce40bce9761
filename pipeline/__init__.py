"""The one line that everything walks: delivery → events → turn → errands → out."""
