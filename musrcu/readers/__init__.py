"""Readers: one file per format, each a sniffer, a reader and one ``FORMAT``."""
