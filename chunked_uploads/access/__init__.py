"""Which upload is meant, among those the caller may reach; for every protocol."""
