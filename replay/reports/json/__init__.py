"""Reports as JSON documents: an object type for each, a function that makes it of a report."""
