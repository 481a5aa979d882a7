"""An explanation as a document, and in a sentence."""
