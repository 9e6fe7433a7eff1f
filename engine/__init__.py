"""The ground floor: runs processes, and knows neither the web nor call centres."""
