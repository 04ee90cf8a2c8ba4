"""The page beside Uppy and FilePond: see README.md."""
