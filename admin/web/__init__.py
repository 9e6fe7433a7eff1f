"""The shell's own pages, one room each; a room's ``views.register(appbuilder)`` adds them."""
