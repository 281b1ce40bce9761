"""The only place that knows every class: settings, wiring, HTTP, the command line."""
