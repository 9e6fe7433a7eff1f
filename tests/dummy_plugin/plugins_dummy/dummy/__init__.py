"""A plug-in that greets people: it uses every point at which a plug-in can register something."""
