"""Writers: the inverse of the readers, one file per format."""
