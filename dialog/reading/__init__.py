"""Reads what a citizen typed. Pure: the same message, profile and instant give the same `Reading`.

It understands and decides nothing: what to answer is the business of `dialog.step`.
"""
