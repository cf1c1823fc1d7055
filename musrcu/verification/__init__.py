"""Certificates of the components: recomputed against independent references."""
