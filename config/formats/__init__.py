"""Where numbers are written otherwise than Django has them in a language."""
