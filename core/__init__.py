"""The words of the house: frozen values that every other package speaks. Standard library only, no I/O."""
