"""Functions of time or temperature, each declared once; this room knows no container."""
