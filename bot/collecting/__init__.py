"""Polls survey tools that do not send, and fetches the responses that others only named."""
