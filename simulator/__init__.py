"""Fake Zalo and Telegram: their HTTP APIs, the citizens' phones, scripted citizens. No code of the gateway."""
