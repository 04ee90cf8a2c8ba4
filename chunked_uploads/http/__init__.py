"""What any protocol over HTTP needs. Knows nothing of uploads' lives."""
