"""Where results leave: text tables, CSV, JSON and NeXus."""
