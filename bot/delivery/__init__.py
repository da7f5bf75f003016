"""Makes each chat show what the database says: leases lanes, sends one message at a time in each, settles doubt, keeps the pace.

All state is in the database: wherever a process dies, its next start or another replica carries on from the rows.
"""
