"""Where logs are kept: a database that only ever grows."""
