"""The place: a peer-support community on Django, with a coach and a safety net."""
