"""Sample clients, suppliers, campaigns, leads and people of every role, for trying leadrej out.

`plan` and `history` say what there is, fixed by a seed; `loading` makes it true in a database; `files`
writes sample client files that fit it.
"""
