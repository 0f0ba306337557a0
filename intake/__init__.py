"""Callback Intake: a promise to call back, kept or missed on record. This docstring is the map of the house.

``rules``     decisions: pure functions, no framework, no clock
``models``    nouns: tables, constraints, the keyring
``database``  how a transaction begins on SQLite and PostgreSQL, and who waits for whom
``ledger``    rows written in the caller's transaction: audit, outbox, search tokens, counters
``queries``   reads: one function, one SQL, one frozen row type
``services``  verbs: one thing a person does, one transaction
``wording``   enums, times, numbers and promises in words
``delivery``  the only code that talks to the outside
``logs``      what a line of the log holds, and what it never does
``web``       the visitor's pages and sign-in
``admin``     the staff panel
``cli``       ``flask intake …``

The data walks one way: web → services → ledger → models, and a worker carries it out.
"""
