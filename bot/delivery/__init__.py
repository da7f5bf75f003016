"""Makes each chat show what the database says: leases lanes, sends one message at a time in each, settles doubt, keeps the pace.

Nothing here is needed for correctness but the rows: whoever dies at any line, another start or replica goes on from them.
"""
