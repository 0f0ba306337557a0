"""Enums, times, numbers and promises in words, for pages and mails alike."""
