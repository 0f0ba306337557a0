"""The visitor's pages, sign-in and the headers every answer carries."""
